using System.Diagnostics.Metrics;

namespace GatewayKit.Throttling.Replay;

/// <summary>Makes meters that nobody hears: those who listen find meters by name, whoever made them, and what was long ago must not count among what is now.</summary>
internal sealed class SilentMeters : IMeterFactory
{
    public Meter Create(MeterOptions options)
    {
        // Instruments of a disposed meter are never published.
        var meter = new Meter(options);
        meter.Dispose();
        return meter;
    }

    public void Dispose()
    {
    }
}
