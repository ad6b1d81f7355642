namespace GatewayKit.Throttling.Quotas;

/// <summary>What a store says to a reservation or a settlement.</summary>
public readonly record struct QuotaAnswer
{
    /// <summary>Whether there was room: of a settlement, whether its window is still open, so that it counts.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>Units used in the window afterwards.</summary>
    public long Used { get; init; }

    /// <summary>Units beyond the limit that this step has added.</summary>
    public long Overage { get; init; }

    /// <summary>When more units come back; <see langword="null"/> if they never do, or nothing is used.</summary>
    public DateTimeOffset? ResetsAt { get; init; }

    /// <summary>
    /// How long until <see cref="ResetsAt"/> by the clock of the store, which may not be that of the gateway: clients are told this one. <see langword="null"/> if there is no such time.
    /// </summary>
    public TimeSpan? ResetsAfter { get; init; }

    /// <summary>After which time the refused cost can be admitted; <see langword="null"/> if waiting does not help, and for an accepted one.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The thresholds that this step has crossed: each is in one answer for each window, whoever asks.</summary>
    public QuotaThresholds Crossed { get; init; }

    /// <summary>What to settle later; of a refused one, nothing.</summary>
    public QuotaReservation Reservation { get; init; }
}
