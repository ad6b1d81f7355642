namespace GatewayKit.Pipeline;

/// <summary>When refused callers are told to come back: never too early, and not all of them at once.</summary>
/// <param name="random">Draws from 0 to 1.</param>
internal sealed class RetryTimes(Func<double> random)
{
    // Callers of one window would come back together in its first second.
    private const double Share = 0.1;

    private static readonly TimeSpan MostAdded = TimeSpan.FromSeconds(30);

    // Room may be made at any time: who asks when says nothing about when there is some.
    private static readonly TimeSpan AddedAtCapacity = TimeSpan.FromSeconds(4);

    // As many seconds as fit into a number of 32 bits.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24_855);

    public static RetryTimes Default { get; } = new(Random.Shared.NextDouble);

    /// <summary>When the caller of a refused request is told to come back; <see langword="null"/> if waiting cannot help.</summary>
    public TimeSpan? Of(GatewayProblem problem) => problem.RetryAfter switch
    {
        null => null,
        { } wait when wait > Longest => Longest,
        { } wait => wait + (random() * Added(problem.Reason, wait)),
    };

    /// <summary>In whole seconds, rounded up (RFC 9110 §10.2.3).</summary>
    public static int ToSeconds(TimeSpan wait) => (int)Math.Clamp((wait.Ticks / TimeSpan.TicksPerSecond) + (wait.Ticks % TimeSpan.TicksPerSecond > 0 ? 1 : 0), 1, int.MaxValue);

    // What is no limit has a time of its own: a circuit lets its callers back bit by bit.
    private static TimeSpan Added(RejectionReason reason, TimeSpan wait) => reason.RegisteredType switch
    {
        null => TimeSpan.Zero,

        // Each waits for requests of its own.
        _ when reason == RejectionReason.ConcurrencyLimited => TimeSpan.Zero,
        ProblemTypes.TemporaryReducedCapacity => AddedAtCapacity,
        _ => wait * Share < MostAdded ? wait * Share : MostAdded,
    };
}
