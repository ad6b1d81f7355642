namespace GatewayKit.Forwarding.Attempts;

/// <summary>Whether a request is sent again, or the first reason that speaks against it.</summary>
internal enum RetryDecision
{
    /// <summary>It is.</summary>
    Retry,

    /// <summary>There is an answer to keep: nothing failed.</summary>
    NotNeeded,

    /// <summary>There were as many attempts as there may be.</summary>
    AttemptsUsed,

    /// <summary>The failure is none that another attempt could mend.</summary>
    NotRetryable,

    /// <summary>The destination may have processed it, and doing so twice is not the same as once.</summary>
    NotSafe,

    /// <summary>Some of its body is read and not kept.</summary>
    BodyGone,

    /// <summary>Nobody waits for the answer.</summary>
    ClientGone,

    /// <summary>It is a stream or an upgrade, of which something was sent.</summary>
    Stream,

    /// <summary>The wait and another attempt do not fit into the deadline, or the destination asks for a longer wait than the policy grants.</summary>
    TooLate,

    /// <summary>No destination could take it.</summary>
    NoDestination,

    /// <summary>Another gateway retries, or has given up retrying.</summary>
    LeftToGateway,

    /// <summary>The host stops, and it would have to wait first.</summary>
    Draining,

    /// <summary>There were too many retries lately.</summary>
    BudgetSpent,
}
