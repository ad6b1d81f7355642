using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace GatewayKit.Chaos;

/// <summary>What a proxy did and when, so that a run that failed can be explained. The latest 100,000 lines.</summary>
public sealed class ChaosLog
{
    private const int Most = 100_000;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Time since the start in seconds, connection (0: the proxy itself), action.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <inheritdoc/>
    public override string ToString() => string.Join(Environment.NewLine, _lines);

    internal void Add(int connection, string action)
    {
        _lines.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_start).TotalSeconds:0.000000} {connection} {action}"));
        while (_lines.Count > Most)
        {
            _lines.TryDequeue(out _);
        }
    }
}
