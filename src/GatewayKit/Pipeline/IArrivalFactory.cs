using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// A policy that has to see a request at an endpoint of the host before the framework binds the handler's parameters, which is before any filter runs: from then on the body is read.
/// </summary>
internal interface IArrivalPolicy : IGatewayPolicy
{
    /// <summary>Whether it has to, by its settings.</summary>
    bool SeesArrival { get; }
}

/// <summary>The factory of such a policy.</summary>
internal interface IArrivalFactory
{
    /// <summary>Builds what is called in front of the endpoint.</summary>
    /// <param name="policy">The policy of the endpoint.</param>
    Action<HttpContext> CreateArrival(IGatewayPolicy policy);
}
