using System.Diagnostics;
using System.Net.Sockets;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>Starts nginx and HAProxy from a configuration of ours, in the foreground, with all their files in the folder of the run.</summary>
internal static class NativeServer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static ChildProcess StartNginx(string folder, string name, string configuration, int? cpu)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        File.WriteAllText(Path.Combine(home, "nginx.conf"), configuration);
        return Start(Path.Combine(home, "stdout"), "nginx", ["-p", home, "-c", "nginx.conf", "-e", "error.log"], cpu);
    }

    public static ChildProcess StartHAProxy(string folder, string configuration, int? cpu)
    {
        var file = Path.Combine(folder, "haproxy.cfg");
        File.WriteAllText(file, configuration);
        return Start(Path.Combine(folder, "haproxy.log"), "haproxy", ["-q", "-f", file], cpu);
    }

    public static async Task<Target> WhenListeningAsync(Target target)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(target.Address.Host, target.Address.Port);
                return target;
            }
            catch (SocketException) when (target.IsAlive && Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(20);
            }
            catch
            {
                await target.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>The first line of what a server says of its version.</summary>
    public static async Task<string> VersionAsync(string command)
    {
        var start = new ProcessStartInfo(command, "-v") { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync() + await error;
        await process.WaitForExitAsync();
        return text.Split('\n')[0].Trim();
    }

    // A pipe that nobody reads would stop a server that logs to its output, so a shell puts a file in its place.
    private static ChildProcess Start(string output, string command, IEnumerable<string> arguments, int? cpu) => ChildProcess.Start(
        ChildProcess.Describe("sh", ["-c", """out=$1; shift; exec "$@" >"$out" """, "sh", output, command, .. arguments], cpu));
}
