using GatewayKit.Pipeline;

namespace GatewayKit.Throttling.Replay;

/// <summary>Stands in a replay for whatever found out who was calling: the record knows.</summary>
internal sealed record RecordedCallerPolicy : IIdentityPolicy
{
    public PolicyMode Mode => PolicyMode.Enforce;
}
