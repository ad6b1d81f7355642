using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// A factory whose policy has two places: its own, and a gate at the border to <see cref="GatewayStage.Protect"/>, behind which destinations and handlers are asked. All that decides who is
/// let in has spoken by then.
/// </summary>
internal interface IAccessGateFactory
{
    /// <summary>Builds the gate.</summary>
    /// <param name="policy">The policy of the endpoint.</param>
    /// <param name="pass">What lies behind the gate.</param>
    EndpointFilterDelegate CreateGate(IGatewayPolicy policy, EndpointFilterDelegate pass);
}
