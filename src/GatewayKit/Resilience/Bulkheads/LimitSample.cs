namespace GatewayKit.Resilience.Bulkheads;

/// <summary>What a request says of how much a service can have in flight.</summary>
internal enum LimitSample
{
    /// <summary>Nothing: it never got there, was a stream, failed by itself, or its client went away.</summary>
    None,

    /// <summary>It was answered, and how long that took counts.</summary>
    Answer,

    /// <summary>It failed for want of capacity: no connection, no answer in time, or one that says so.</summary>
    Drop,
}
