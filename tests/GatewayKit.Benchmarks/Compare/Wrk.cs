using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace GatewayKit.Benchmarks.Compare;

/// <summary>What wrk saw in one go.</summary>
internal sealed record WrkResult(long Requests, double RequestsPerSecond, double P50Milliseconds, double P99Milliseconds, string? Failure);

/// <summary>Runs wrk: a closed loop of a fixed number of connections on one thread.</summary>
internal static partial class Wrk
{
    /// <param name="address">The address of the target.</param>
    /// <param name="test">What to ask for.</param>
    /// <param name="connections">How many connections ask at the same time.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="folder">Where its script goes.</param>
    /// <param name="cpu">The CPU to run on, or <see langword="null"/>.</param>
    public static async Task<WrkResult> RunAsync(Uri address, CompareCase test, int connections, int seconds, string folder, int? cpu)
    {
        List<string> arguments = ["-t1", $"-c{connections}", $"-d{seconds}s", "--latency"];
        arguments.AddRange(test.Headers.SelectMany(static header => new[] { "-H", $"{header.Key}: {header.Value}" }));
        if (ScriptOf(test) is { } text)
        {
            var script = Path.Combine(folder, $"{test.Name}.lua");
            await File.WriteAllTextAsync(script, text);
            arguments.AddRange(["-s", script]);
        }

        arguments.Add(new Uri(address, test.Path).ToString());
        var start = ChildProcess.Describe("wrk", arguments, cpu);
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return Parse(output);
    }

    private static string? ScriptOf(CompareCase test) => test switch
    {
        { PostBytes: > 0 and var bytes } => $"""
            wrk.method = "POST"
            wrk.body = string.rep("x", {bytes})
            wrk.headers["Content-Type"] = "application/octet-stream"
            """,
        { Varies: true } => $"""
            local number = 0
            request = function()
              number = number + 1
              return wrk.format("GET", "{test.Path}?number=" .. number)
            end
            """,
        _ => null,
    };

    internal static WrkResult Parse(string output)
    {
        var failures = new[] { Non2xx().Match(output), SocketErrors().Match(output) }
            .Where(static match => match.Success)
            .Select(static match => match.Value.Trim())
            .ToList();
        var requests = Requests().Match(output);
        if (!requests.Success)
        {
            failures.Add($"wrk said: {output.Trim()}");
        }

        return new(
            requests.Success ? long.Parse(requests.Groups[1].Value, CultureInfo.InvariantCulture) : 0,
            Number(Rate().Match(output)),
            Milliseconds(Half().Match(output)),
            Milliseconds(Hundredth().Match(output)),
            failures.Count > 0 ? string.Join("; ", failures) : null);
    }

    private static double Number(Match match) =>
        match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : double.NaN;

    private static double Milliseconds(Match match) => Number(match) * match.Groups[2].Value switch { "us" => 0.001, "s" => 1_000, _ => 1 };

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Half();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Hundredth();

    [GeneratedRegex(@"Non-2xx or 3xx responses: \d+")]
    private static partial Regex Non2xx();

    [GeneratedRegex(@"Socket errors: .*")]
    private static partial Regex SocketErrors();
}
