using System.Globalization;

namespace GatewayKit.Chaos;

/// <summary>
/// What a proxy is told in one line, in process by a schedule and out of process by <see cref="ChaosControl"/>:
/// <c>add NAME KIND [key=value …]</c>, <c>remove NAME</c>, <c>clear</c>, <c>down</c>, <c>up</c>, <c>reset</c>, <c>log</c>. Times are milliseconds.
/// </summary>
/// <remarks>
/// Kinds: <c>latency delay= jitter=</c>, <c>bandwidth rate=</c>, <c>slow-close delay=</c>, <c>black-hole close-after=</c>, <c>reset bytes= delay=</c>,
/// <c>slicer size= variation= delay=</c>, <c>limit bytes=</c>; each with <c>flow=requests|answers|both</c> and <c>share=</c>.
/// </remarks>
public static class ChaosCommand
{
    /// <summary>Does what a line says.</summary>
    /// <returns>What there is to tell; empty if nothing.</returns>
    /// <exception cref="FormatException">The line is no command. Nothing was done.</exception>
    public static string Run(ChaosProxy proxy, string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["add", var name, var kind, .. var settings]:
                proxy.Add(name, Parse(kind, settings));
                break;
            case ["remove", var name]:
                proxy.Remove(name);
                break;
            case ["clear"]:
                proxy.Clear();
                break;
            case ["down"]:
                proxy.Down();
                break;
            case ["up"]:
                proxy.Up();
                break;
            case ["reset"]:
                proxy.ResetConnections();
                break;
            case ["log"]:
                return proxy.Log.ToString();
            default:
                throw new FormatException($"'{line}' is no command; there are add, remove, clear, down, up, reset and log.");
        }

        return string.Empty;
    }

    private static Toxic Parse(string kind, string[] settings)
    {
        var values = new Dictionary<string, string>();
        foreach (var setting in settings)
        {
            if (setting.Split('=', 2) is not [var key, var value] || !values.TryAdd(key, value))
            {
                throw new FormatException($"'{setting}' is no key=value, or its key was there before.");
            }
        }

        Toxic toxic = kind switch
        {
            "latency" => new Latency(Time("delay")) { Jitter = Time("jitter", 0) },
            "bandwidth" => new Bandwidth(Number("rate", least: 1)),
            "slow-close" => new SlowClose(Time("delay")),
            "black-hole" => new BlackHole { CloseAfter = Time("close-after", -1) },
            "reset" => new Reset { Bytes = Number("bytes", 0), Delay = Time("delay", 0) },
            "slicer" => new Slicer((int)Number("size", least: 1)) { Variation = (int)Number("variation", 0), Delay = Time("delay", 0) },
            "limit" => new DataLimit(Number("bytes")),
            _ => throw new FormatException($"'{kind}' is no kind of toxic; there are latency, bandwidth, slow-close, black-hole, reset, slicer and limit."),
        };
        toxic = toxic with { Flow = FlowOf(Take("flow") ?? "both"), Share = ShareOf(Take("share") ?? "1") };
        return values.Count == 0 ? toxic : throw new FormatException($"'{kind}' has no '{values.Keys.First()}'.");

        TimeSpan Time(string key, long? otherwise = null) => TimeSpan.FromMilliseconds(Number(key, otherwise));

        string? Take(string key) => values.Remove(key, out var text) ? text : null;

        long Number(string key, long? otherwise = null, long least = 0)
        {
            var text = Take(key);
            return text is null && otherwise is { } number ? number
                : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= int.MaxValue ? number
                : throw new FormatException($"'{kind}' needs {key}= with a whole number from {least} to {int.MaxValue}.");
        }
    }

    private static Flow FlowOf(string text) => text switch
    {
        "requests" => Flow.Requests,
        "answers" => Flow.Answers,
        "both" => Flow.Both,
        _ => throw new FormatException($"'{text}' is no flow; there are requests, answers and both."),
    };

    private static double ShareOf(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share : throw new FormatException($"share={text} is not from 0 to 1.");
}
