namespace GatewayKit.Pipeline;

/// <summary>
/// The order of the pipeline, outermost first. Policies run in this order whatever order the host added them in; within one stage
/// they keep the order of the metadata, but for <see cref="Protect"/>, whose own guards have a fixed one.
/// </summary>
public enum GatewayStage
{
    /// <summary>Sees every request and its true outcome: audit, metrics, trace.</summary>
    Observe,

    /// <summary>Refuses by what is known before anyone asks who is calling: size, address, overload.</summary>
    Admit,

    /// <summary>Finds out who is calling.</summary>
    Identify,

    /// <summary>Decides whether the caller may.</summary>
    Authorize,

    /// <summary>Decides whether the caller may now: plan, rate, quota.</summary>
    Limit,

    /// <summary>Checks the request against its contract.</summary>
    Validate,

    /// <summary>Answers from what is stored.</summary>
    Cache,

    /// <summary>
    /// Guards the terminal: deadline, bulkhead, upstream credentials and identity, fallback, admission control, circuit breaker, mirror, in this order from the outside whatever the metadata says. Policies of
    /// others in this stage stand outside of these.
    /// </summary>
    Protect,
}
