using GatewayKit.Shared;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>The server behind all proxies: nginx with one worker, because it is the cheapest that stays the same from run to run.</summary>
internal sealed class UpstreamServer : IAsyncDisposable
{
    private readonly Target _server;

    private UpstreamServer(Target server) => _server = server;

    public Uri Address => _server.Address;

    public static async Task<UpstreamServer> StartAsync(string folder, int? cpu)
    {
        var port = FreePort.Next();
        var large = Path.Combine(folder, "large.txt");
        await File.WriteAllTextAsync(large, new string('x', 65_536));
        var process = NativeServer.StartNginx(folder, "upstream", NginxConfiguration.Upstream(port, large), cpu);
        return new(await NativeServer.WhenListeningAsync(new Target("upstream", process, port, "nginx", "")));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
