namespace GatewayKit.Diagnostics;

/// <summary>Tag names of metrics and spans. Values are bounded: ids from configuration, codes from a catalogue.</summary>
internal static class TelemetryTags
{
    public const string Route = "gatewaykit.route";
    public const string Cluster = "gatewaykit.cluster";
    public const string Destination = "gatewaykit.destination";
    public const string Policy = "gatewaykit.policy";
    public const string Outcome = "gatewaykit.outcome";
    public const string EndedBy = "gatewaykit.ended_by";
    public const string Direction = "gatewaykit.direction";
    public const string Fault = "gatewaykit.fault";
    public const string Field = "gatewaykit.field";
    public const string Cause = "gatewaykit.cause";
    public const string Reason = "gatewaykit.reason";
    public const string Priority = "gatewaykit.priority";
    public const string Live = "gatewaykit.live";
    public const string Grant = "gatewaykit.grant";
    public const string Candidate = "gatewaykit.candidate";
}
