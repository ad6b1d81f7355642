using System.Diagnostics;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>Tells servers which trace a question of the gateway's own belongs to, and nothing else of it: baggage and the state of a trace are what clients have sent.</summary>
internal sealed class TraceParentOnly : DistributedContextPropagator
{
    private const string Field = "traceparent";

    public override IReadOnlyCollection<string> Fields => [Field];

    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
        if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
        {
            setter?.Invoke(carrier, Field, id);
        }
    }

    // Questions go out only.
    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) => (traceId, traceState) = (null, null);

    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
