namespace GatewayKit.Pipeline;

/// <summary>How much a policy may do. A limit is tried in <see cref="Shadow"/> before it bites in <see cref="Enforce"/>.</summary>
public enum PolicyMode
{
    /// <summary>The policy decides, and its refusal is the answer; for all callers or some (<see cref="IGatewayPolicy.EnforcePercent"/>).</summary>
    Enforce,

    /// <summary>The policy decides and its decision is recorded; the request goes on whatever it says.</summary>
    Shadow,

    /// <summary>The policy is absent. It still occupies its slot, so that an endpoint can switch off what its group asks for.</summary>
    Off,
}
