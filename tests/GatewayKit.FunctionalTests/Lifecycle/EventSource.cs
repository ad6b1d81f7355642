using System.Threading.Channels;
using GatewayKit.FunctionalTests.Hosting;

namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>A destination that answers with a head and leaves the rest to the test.</summary>
internal sealed class EventSource : IAsyncDisposable
{
    private readonly Channel<RawConnection> _accepted = Channel.CreateUnbounded<RawConnection>();
    private readonly RawUpstream _upstream;

    public EventSource(string head) => _upstream = RawUpstream.Start(async (connection, _) =>
    {
        await connection.ReadHeadAsync();
        await connection.SendAsync(head + "\r\n");
        await _accepted.Writer.WriteAsync(connection);
        await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
    });

    public Uri Address => _upstream.Address;

    /// <summary>The next connection, on which the head is sent.</summary>
    public async Task<RawConnection> AcceptedAsync()
    {
        using var limit = new CancellationTokenSource(RawConnection.Limit);
        return await _accepted.Reader.ReadAsync(limit.Token);
    }

    public ValueTask DisposeAsync() => _upstream.DisposeAsync();
}
