using GatewayKit.Throttling.Quotas;

namespace GatewayKit.Redis.Quotas;

/// <summary>What the scripts of quotas say.</summary>
/// <param name="numbers">The numbers, as the scripts list them.</param>
internal readonly struct QuotaReply(long[] numbers)
{
    private const int Accepted = 1;
    private const int WindowWanted = 2;

    /// <summary>Whether nothing was decided: the window that came along is not the one of now.</summary>
    public bool WantsWindow => numbers[0] == WindowWanted;

    /// <summary>The time of the step.</summary>
    public DateTimeOffset Now => RedisTime.ToInstant(numbers[1]);

    /// <summary>Where the window starts, or the bucket, that was taken from.</summary>
    public DateTimeOffset StartOf(QuotaWindow window) => window is LifetimeWindow ? DateTimeOffset.MinValue : RedisTime.ToInstant(numbers[6]);

    public QuotaAnswer ToAnswer() => new()
    {
        IsAccepted = numbers[0] == Accepted,
        Used = numbers[2],
        ResetsAt = numbers[3] == 0 ? null : RedisTime.ToInstant(numbers[3]),
        ResetsAfter = numbers[3] == 0 ? null : RedisTime.ToInstant(numbers[3]) - Now,
        Overage = numbers[4],
        Crossed = (QuotaThresholds)numbers[5],
        RetryAfter = numbers[7] == 0 ? null : RedisTime.ToInstant(numbers[7]) - Now,
    };
}
