namespace GatewayKit.PostgreSqlTests;

/// <summary>A server for a test that ends it.</summary>
internal sealed class OwnServer : IAsyncDisposable
{
    public PostgresServer Server { get; } = new();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
