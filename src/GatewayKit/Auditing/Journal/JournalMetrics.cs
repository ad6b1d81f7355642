using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;

namespace GatewayKit.Auditing.Journal;

/// <summary>What is measured of the journal.</summary>
internal sealed class JournalMetrics(GatewayMeter meter)
{
    /// <summary>The tag for how far a record has to be before its request goes on.</summary>
    public const string DeliveryTag = "gatewaykit.audit.delivery";

    /// <summary>The tag for the name of an anchor.</summary>
    public const string AnchorTag = "gatewaykit.audit.anchor";

    private readonly Histogram<double> _commit = meter.Meter.CreateHistogram<double>(
        "gatewaykit.audit.commit.duration", "s", "How long requests waited until the record of their beginning was kept as their route demands.");

    private readonly Counter<long> _lost = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.lost", "{record}", "Records of routes with the delivery BestEffort that were not kept.");

    private readonly Counter<long> _refused = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.refused", "{record}", "Beginnings that could not be recorded, and whose requests were refused.");

    private readonly Counter<long> _anchored = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.anchor.taken", "{checkpoint}", "Checkpoints that an anchor has taken.");

    private readonly Counter<long> _anchorFailures = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.anchor.failures", "{call}", "Calls of an anchor that failed and are tried again.");

    private readonly Counter<long> _anchorSkipped = meter.Meter.CreateCounter<long>(
        "gatewaykit.audit.anchor.skipped", "{checkpoint}", "Checkpoints that an anchor was not told of because too many later ones waited for it.");

    /// <summary>Whether anybody looks at how long requests waited.</summary>
    public bool IsTimed => _commit.Enabled;

    public void Committed(TimeSpan wait, AuditDelivery delivery)
    {
        try
        {
            _commit.Record(wait.TotalSeconds, new KeyValuePair<string, object?>(DeliveryTag, NameOf(delivery)));
        }
#pragma warning disable CA1031 // A listener of the host that throws is no failure of the journal.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    public void Lost() => Count(_lost);

    public void Refused() => Count(_refused);

    public void Anchored(string anchor) => Count(_anchored, anchor);

    public void AnchorFailed(string anchor) => Count(_anchorFailures, anchor);

    public void AnchorSkipped(string anchor) => Count(_anchorSkipped, anchor);

    /// <summary>Shows how a journal stands.</summary>
    public void Observe(AuditJournal journal)
    {
        meter.Meter.CreateObservableGauge("gatewaykit.audit.queue.depth", () => journal.QueuedLines, "{record}", "Records on their way to the journal.");
        meter.Meter.CreateObservableGauge("gatewaykit.audit.unsynced", () => journal.UnsyncedBytes, "By", "What the operating system has of the journal, and the disk may not have yet.");
        meter.Meter.CreateObservableGauge(
            "gatewaykit.audit.unanchored", () => journal.Unanchored.Select(static one => new Measurement<double>(one.Time.TotalSeconds, Tag(one.Anchor))), "s", "For how long there has been a checkpoint that an anchor does not have.");
    }

    private static void Count(Counter<long> counter, string? anchor = null)
    {
        try
        {
            if (anchor is null)
            {
                counter.Add(1);
            }
            else
            {
                counter.Add(1, Tag(anchor));
            }
        }
#pragma warning disable CA1031 // As above.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private static KeyValuePair<string, object?> Tag(string anchor) => new(AnchorTag, anchor);

    private static string NameOf(AuditDelivery delivery) => delivery switch
    {
        AuditDelivery.Strict => nameof(AuditDelivery.Strict),
        AuditDelivery.BestEffort => nameof(AuditDelivery.BestEffort),
        _ => nameof(AuditDelivery.Guaranteed),
    };
}
