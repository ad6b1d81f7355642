using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>A store that several instances in one process share. It answers at once, unless it is told to fail, to hang or to forget.</summary>
public sealed class InMemoryRateStore(TimeProvider time) : IRateStore
{
    private readonly ThrottleClock _clock = new(time);
    private readonly Lock _lock = new();
    private readonly Dictionary<(RateKey, RateRule), object> _states = [];

    public int Instances { get; set; } = 1;

    /// <summary>What it throws, if it does.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What it waits for before it answers, if it does.</summary>
    public Task? Delay { get; set; }

    /// <summary>What its answer waits for when it is done, if it does.</summary>
    public Task? Way { get; set; }

    /// <summary>Whether it refuses what is asked of it, room or not.</summary>
    public bool Refuses { get; set; }

    /// <summary>How often it was asked for units.</summary>
    public int Takes { get; private set; }

    /// <summary>How often it was told of units.</summary>
    public int Adds { get; private set; }

    /// <summary>Units that it has given, less those that came back.</summary>
    public long Given { get; private set; }

    public IReadOnlyCollection<RateKey> Keys
    {
        get
        {
            lock (_lock)
            {
                return [.. _states.Keys.Select(static key => key.Item1)];
            }
        }
    }

    public void Forget()
    {
        lock (_lock)
        {
            _states.Clear();
        }
    }

    public ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken)
    {
        Takes++;
        return AnswerAsync(() => rule.Algorithm is RateAlgorithm.SlidingWindow
            ? Step<SlidingWindow, WindowCount>(key, rule, new(rule), cost, isNoted: false)
            : Step<Gcra, long>(key, rule, new(rule), cost, isNoted: false));
    }

    public ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken)
    {
        Adds++;
        return AnswerAsync(() => rule.Algorithm is RateAlgorithm.SlidingWindow
            ? Step<SlidingWindow, WindowCount>(key, rule, new(rule), units, isNoted: true)
            : Step<Gcra, long>(key, rule, new(rule), units, isNoted: true));
    }

    private ValueTask<RateAnswer> AnswerAsync(Func<RateAnswer> step) => Failure is { } failure ? ValueTask.FromException<RateAnswer>(failure)
        : Delay is { } delay ? AwaitAsync(delay, step)
        : Way is { } way ? AnswerAsync(way, step())
        : new(step());

    private static async ValueTask<RateAnswer> AnswerAsync(Task way, RateAnswer answer)
    {
        await way;
        return answer;
    }

    private static async ValueTask<RateAnswer> AwaitAsync(Task delay, Func<RateAnswer> step)
    {
        await delay;
        return step();
    }

    private RateAnswer Step<TRate, TState>(RateKey key, RateRule rule, TRate rate, long units, bool isNoted)
        where TRate : struct, IRate<TState>
        where TState : unmanaged
    {
        lock (_lock)
        {
            var (now, state) = (_clock.Now, _states.TryGetValue((key, rule), out var known) ? (TState)known : default);
            var isAdmitted = isNoted;
            long wait = 0, uncounted = 0;
            if (isNoted)
            {
                var before = state;
                // Back comes what is still out, whoever has taken it.
                state = rate.Settle(state, units < 0 ? new(Reserved: (int)-units, Actual: 0, Since: now) : new(Reserved: 0, Actual: units, Since: now), now);
                uncounted = Uncounted(rate, before, state, units, now);
            }
            else
            {
                isAdmitted = !Refuses && rate.TryTake(state, now, (int)units, out state, out wait);
            }

            _states[(key, rule)] = state;
            Given += isAdmitted ? units - uncounted : 0;
            var remaining = rate.Remaining(state, now, out var next);
            return new()
            {
                IsAdmitted = isAdmitted,
                Remaining = remaining,
                Wait = isAdmitted ? TimeSpan.Zero : ThrottleClock.ToTimeSpan(wait),
                Next = next == 0 ? null : ThrottleClock.ToTimeSpan(next),
                FullAfter = FullAfter(state, rule, now),
                Uncounted = uncounted,
            };
        }
    }

    private static long Uncounted<TRate, TState>(TRate rate, TState before, TState after, long units, long now) =>
        rate is Gcra gcra && before is long owed && after is long owes && units > 0 ? units - (((owes - Math.Max(owed, now)) + gcra.Increment - 1) / gcra.Increment) : 0;

    private static TimeSpan FullAfter<TState>(TState state, RateRule rule, long now)
    {
        if (state is long fullAt)
        {
            return ThrottleClock.ToTimeSpan(Math.Max(0, fullAt - now));
        }

        var (count, length) = ((WindowCount)(object)state!, ThrottleClock.ToUnits(rule.Window));
        var left = ((count.Window + (count.Current > 0 ? 1 : 0)) * length) - now;
        return count.Current + count.Previous > 0 ? ThrottleClock.ToTimeSpan(Math.Max(0, left)) : TimeSpan.Zero;
    }
}
