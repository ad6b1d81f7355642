namespace GatewayKit.OpenTelemetry;

/// <summary>What a collector said of a request.</summary>
/// <param name="Verdict">What it comes to.</param>
/// <param name="Reason">The status, and nothing that a collector has written: it may quote records.</param>
internal readonly record struct CollectorAnswer(CollectorVerdict Verdict, string Reason)
{
    /// <summary>How many records of a request it took were refused, as it says.</summary>
    public long Rejected { get; init; }

    /// <summary>When it wants to be asked again.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>What the answer of a collector comes to.</summary>
internal enum CollectorVerdict
{
    /// <summary>It has the records, except those that it says it refused.</summary>
    Taken,

    /// <summary>It may take them later: what the protocol calls retryable.</summary>
    Busy,

    /// <summary>It never will, because of what is in the request.</summary>
    Refused,

    /// <summary>There is too much in the request, or the caller is over some limit; it does not say which.</summary>
    Exhausted,

    /// <summary>Neither other records nor time change it, but whoever runs the two: a wrong address, credentials that do not count, a defect.</summary>
    Unfit,
}
