using GatewayKit.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Hosting;

/// <summary>A source that says what the test says. The test reloads by itself.</summary>
internal sealed class MemoryRouteSource : IRouteSource
{
    public RouteSet Set { get; set; } = new();

    public string Name => "memory";

    public ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken) => new(Set);

    public IChangeToken GetChangeToken() => NullChangeToken.Singleton;
}

internal static class MemoryRouteSourceExtensions
{
    public static GatewayBuilder AddSource(this GatewayBuilder builder, MemoryRouteSource source)
    {
        builder.Services.AddSingleton<IRouteSource>(source);
        return builder;
    }

    public static async Task ReloadAsync(this TestHost gateway)
    {
        var result = await gateway.App.Services.GetRequiredService<GatewayConfigurator>().ReloadAsync();
        Assert.True(result.Accepted, string.Join(Environment.NewLine, result.Errors));
    }
}
