namespace GatewayKit.Throttling.Sharing;

/// <summary>What a store says of a rate.</summary>
public readonly record struct RateAnswer
{
    /// <summary>Whether there was room.</summary>
    public bool IsAdmitted { get; init; }

    /// <summary>Whole units that are left.</summary>
    public long Remaining { get; init; }

    /// <summary>Of a refused cost, the time until it can be taken, rounded up; else zero.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>The time until there is another unit; <see langword="null"/> if all are there.</summary>
    public TimeSpan? Next { get; init; }

    /// <summary>The time until the rate is as if it had never been used; zero if it is.</summary>
    public TimeSpan FullAfter { get; init; }

    /// <summary>
    /// Of units that <see cref="IRateStore.AddAsync"/> noted in a token bucket, those that it did not count because nobody owes more than another <see cref="RateRule.Burst"/>, rounded down. They are told
    /// again once there is room for them. Default 0: what is owed beyond that is forgotten.
    /// </summary>
    public long Uncounted { get; init; }
}
