using GatewayKit.Shared;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>The servers that can be measured, and how each is started.</summary>
internal sealed class TargetCatalog(string folder, Uri upstream, bool serverGC, bool logging, int? cpu)
{
    private const string SharedLog = "one line per request through a queue to a buffered file (the same code as the other .NET target)";

    public static IReadOnlyList<string> Names { get; } = ["gatewaykit", "yarp", "kestrel", "nginx", "haproxy", .. Recording];

    /// <summary>The same servers with a record of each request; not among those that are measured unless they are named.</summary>
    public static IReadOnlyList<string> Recording => ["gatewaykit-besteffort", "gatewaykit-guaranteed", "gatewaykit-strict", "yarp-log", "nginx-log", "nginx-log-buffered"];

    public Task<Target> StartAsync(string name) => name switch
    {
        "gatewaykit" => StartDotnetAsync(name, "GatewayKitTarget", $"policy with 1,000 known keys; Throttle of 1,000,000/s per key; {SharedLog} in an Observe policy"),
        "yarp" => StartDotnetAsync(name, "YarpTarget",
            $"middleware with 1,000 known keys; ASP.NET Core token bucket of 1,000,000/s per key; {SharedLog} in a middleware"),
        "kestrel" => StartDotnetAsync(name, "KestrelTarget", "none: it has no such case"),
        "gatewaykit-besteffort" or "gatewaykit-guaranteed" or "gatewaykit-strict" => StartDotnetAsync(
            name, "GatewayKitTarget", "Audit on every route", [$"--audit={name["gatewaykit-".Length..]}", $"--journal={Path.Combine(folder, $"{name}-journal")}"]),
        "yarp-log" => StartDotnetAsync(name, "YarpTarget", "one JSON line per request, each handed to the operating system", ["--record=all"]),
        "nginx-log" => StartNginxAsync(name, "access_log access.log combined;"),
        "nginx-log-buffered" => StartNginxAsync(name, "access_log access.log combined buffer=64k flush=1s;"),
        "nginx" => StartNginxAsync(name),
        "haproxy" => StartHAProxyAsync(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    /// <summary>Starts a .NET target and waits until it says that it listens.</summary>
    public async Task<Target> StartDotnetAsync(string name, string project, string features, params string[] more)
    {
        var port = FreePort.Next();
        var start = ChildProcess.Describe(
            "dotnet",
            [Assembly(project), $"--port={port}", $"--upstream={upstream}", $"--access-log={Path.Combine(folder, $"{name}.log")}", $"--logging={(logging ? "warnings" : "off")}", .. more],
            cpu);
        start.WorkingDirectory = Path.GetDirectoryName(Assembly(project));
        start.Environment["DOTNET_gcServer"] = serverGC ? "1" : "0";
        var process = ChildProcess.Start(start);
        try
        {
            var line = await process.Output.ReadLineAsync();
            return line?.Split(' ', 2) is ["ready", var runtime]
                ? new Target(name, process, port, runtime, features) { IsManaged = true }
                : throw new InvalidOperationException($"{name} did not start: {line}");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static string Assembly(string project)
    {
        // …/GatewayKit.Benchmarks/bin/Release/net10.0/ → …/GatewayKit.Benchmarks/Targets/<project>/bin/Release/net10.0/
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var root = own.Parent!.Parent!.Parent!.FullName;
        return Path.Combine(root, "Targets", project, "bin", own.Parent.Name, own.Name, $"{project}.dll");
    }

    private async Task<Target> StartNginxAsync(string name, string log = "access_log off;")
    {
        var port = FreePort.Next();
        var process = NativeServer.StartNginx(folder, name, NginxConfiguration.Proxy(port, upstream, log), cpu);
        return await NativeServer.WhenListeningAsync(new Target(name, process, port, await NativeServer.VersionAsync("nginx"), NginxConfiguration.Features));
    }

    private async Task<Target> StartHAProxyAsync()
    {
        var port = FreePort.Next();
        var process = NativeServer.StartHAProxy(folder, HAProxyConfiguration.Proxy(port, upstream), cpu);
        return await NativeServer.WhenListeningAsync(new Target("haproxy", process, port, await NativeServer.VersionAsync("haproxy"), HAProxyConfiguration.Features));
    }
}
