using System.Diagnostics.Tracing;

namespace GatewayKit.Benchmarks.Targets;

/// <summary>
/// Asks the runtime for its allocation ticks: one for about every 100 KB, with the type whose allocation crossed the line. Over
/// many requests the ticks of a type are proportional to the bytes it takes.
/// </summary>
internal sealed class AllocationSampler : EventListener
{
    private const string RuntimeSource = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords GC = (EventKeywords)0x1;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Bytes, int Count)> _byType = [];
    private EventSource? _runtime;

    public void Start()
    {
        lock (_lock)
        {
            _byType.Clear();
        }

        EnableEvents(_runtime!, EventLevel.Verbose, GC);
    }

    /// <summary>The types seen since the start, largest first.</summary>
    public IReadOnlyList<(string Type, long Bytes, int Count)> Stop()
    {
        DisableEvents(_runtime!);
        lock (_lock)
        {
            return [.. _byType.Select(static entry => (entry.Key, entry.Value.Bytes, entry.Value.Count)).OrderByDescending(static entry => entry.Bytes)];
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == RuntimeSource)
        {
            _runtime = eventSource;
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) is not true || eventData.Payload is not { } payload)
        {
            return;
        }

        var names = eventData.PayloadNames!;
        var type = (string)payload[names.IndexOf("TypeName")]!;
        var bytes = (long)(ulong)payload[names.IndexOf("AllocationAmount64")]!;
        lock (_lock)
        {
            var (sum, count) = _byType.GetValueOrDefault(type);
            _byType[type] = (sum + bytes, count + 1);
        }
    }
}
