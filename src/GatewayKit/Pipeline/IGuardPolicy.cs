namespace GatewayKit.Pipeline;

/// <summary>
/// A policy of the Protect stage whose place there is fixed: a deadline covers the wait for a place, a place is held while credentials are fetched and while
/// a fallback runs, whose cluster gets the credentials too, a fallback catches what admission control and a breaker refuse, and what is refused is not copied.
/// </summary>
internal interface IGuardPolicy : IOrderedPolicy
{
    /// <summary>Its place within the stage.</summary>
    GuardPlace Guard { get; }

    int IOrderedPolicy.Order => (int)Guard;
}

/// <summary>The order within the Protect stage, outermost first.</summary>
internal enum GuardPlace
{
    Deadline,
    Bulkhead,
    Credentials,
    Fallback,
    Admission,
    CircuitBreaker,
    Mirror,
}
