using System.Diagnostics;
using System.Net;
using System.Reflection;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetryTests.Hosting;

/// <summary>The audited app as a process of its own, which can be killed.</summary>
internal sealed class AppProcess : IDisposable
{
    private static readonly string Assembly =
        typeof(AppProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static attribute => attribute.Key == "AuditedApp").Value!;

    private readonly Process _process;
    private readonly HttpClient _client;

    private AppProcess(Process process, Uri address) => (_process, _client) = (process, new() { BaseAddress = address });

    public static async Task<AppProcess> StartAsync(string directory, Uri collector, OtlpExportProtocol protocol)
    {
        var process = Process.Start(new ProcessStartInfo("dotnet", ["exec", Assembly, directory, collector.AbsoluteUri, $"{protocol}"]) { RedirectStandardOutput = true })!;
        const string Listening = "Now listening on: ";
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            {
                // Nobody reads on: what else it writes has to go somewhere.
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                return new(process, new(line[(at + Listening.Length)..]));
            }
        }

        throw new InvalidOperationException("The app did not start.");
    }

    public async Task AskAsync(int times)
    {
        for (var time = 0; time < times; time++)
        {
            using var answer = await _client.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    /// <summary>Ends it by SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public Task IsGoneAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
        _client.Dispose();
    }
}
