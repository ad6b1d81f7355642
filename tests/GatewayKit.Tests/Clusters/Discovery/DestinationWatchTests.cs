using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using static GatewayKit.Tests.Clusters.Discovery.DiscoveredClusters;

namespace GatewayKit.Tests.Clusters.Discovery;

public sealed class DestinationWatchTests : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    // For what other threads have a part in: the clock may run on while they have not come to theirs.
    private static readonly TimeSpan AsLongAsItTakes = TimeSpan.FromDays(365);

    private readonly DiscoveredClusters _clusters = new();

    private ScriptedSource Source => _clusters.Source;

    public void Dispose() => _clusters.Dispose();

    [Fact]
    public async Task Cluster_has_what_the_source_finds()
    {
        Source.Finds("10.0.0.1", "10.0.0.2");
        var orders = await _clusters.FollowAsync(Orders);
        Assert.Equal(["10.0.0.1", "10.0.0.2"], Ids(orders));
    }

    [Fact]
    public async Task Change_is_seen_at_the_refresh_without_another_state_of_the_cluster()
    {
        Source.Finds("10.0.0.1", "10.0.0.2");
        var orders = await _clusters.FollowAsync(Orders);
        Source.Finds("10.0.0.2", "10.0.0.3");

        // Thirty seconds, give or take a tenth.
        _clusters.Time.Advance(TimeSpan.FromSeconds(27) - Tick);
        Assert.Equal((1, "10.0.0.1, 10.0.0.2"), (Source.Asked, string.Join(", ", Ids(orders))));
        _clusters.Time.Advance(TimeSpan.FromSeconds(6) + Tick);
        Assert.Equal((2, "10.0.0.2, 10.0.0.3"), (Source.Asked, string.Join(", ", Ids(orders))));
        Assert.Same(orders, _clusters.States.InForce["orders"]);
    }

    [Fact]
    public async Task Destination_that_stays_keeps_its_state_and_one_that_leaves_finishes_its_requests()
    {
        Source.Finds("10.0.0.1", "10.0.0.2");
        var orders = await _clusters.FollowAsync(Orders);
        var (leaves, stays) = (orders.Destinations[0], orders.Destinations[1]);
        leaves.Begin();
        stays.Begin();
        Source.Finds("10.0.0.2", "10.0.0.3");
        _clusters.Time.Advance(TimeSpan.FromSeconds(33));

        Assert.Same(stays, orders.Destinations[0]);
        Assert.Equal((1, 1), (stays.InFlight, leaves.InFlight));
        Assert.DoesNotContain(leaves, orders.Destinations);
        Assert.Equal((false, true), (stays.IsDraining, leaves.IsDraining));
        leaves.End();
        Assert.Equal(0, leaves.InFlight);
    }

    [Fact]
    public async Task Destination_that_says_something_else_under_its_id_is_another_one()
    {
        Source.Finds("10.0.0.1");
        var orders = await _clusters.FollowAsync(Orders);
        var before = orders.Destinations[0];
        Source.Answer = static _ => Task.FromResult(new DiscoveredDestinations
        {
            Destinations = new Dictionary<string, Destination> { ["10.0.0.1"] = new() { Address = new("http://10.0.0.1:9090") } },
        });
        _clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal(9090, orders.Destinations[0].Destination.Address.Port);
        Assert.NotSame(before, orders.Destinations[0]);
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("empty")]
    [InlineData("null")]
    [InlineData("throws")]
    [InlineData("hangs")]
    public async Task Last_good_destinations_serve_for_five_minutes_of_failures(string failure)
    {
        Source.Finds("10.0.0.1");
        var orders = await _clusters.FollowAsync(Orders);
        Source.Answer = failure switch
        {
            "fails" => static _ => Task.FromException<DiscoveredDestinations>(new TimeoutException()),
            "empty" => static _ => Task.FromResult(new DiscoveredDestinations { Destinations = ScriptedSource.Entries() }),
            "null" => static _ => Task.FromResult<DiscoveredDestinations>(null!),
            "hangs" => static _ => new TaskCompletionSource<DiscoveredDestinations>().Task,
            _ => static _ => throw new InvalidOperationException("gone"),
        };

        // The failure begins at the refresh, and shows 30 s later if it is silence.
        _clusters.Time.Advance(TimeSpan.FromSeconds(33));
        await Until(() => orders.Discovery!.Watch.Failure is not null, failure == "hangs" ? TimeSpan.FromSeconds(30) : TimeSpan.Zero);
        for (var second = 0; second < 299; second++)
        {
            _clusters.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(["10.0.0.1"], Ids(orders));
        }

        await Until(() => orders.Destinations.Count == 0, failure == "hangs" ? AsLongAsItTakes : TimeSpan.FromSeconds(1));
        Assert.Equal(0, orders.Candidates.Count);
        Assert.Equal(LogLevel.Warning, Assert.Single(_clusters.Log.Of(EventIds.DiscoveryFailed)).Level);
        Assert.Equal(LogLevel.Error, Assert.Single(_clusters.Log.Of(EventIds.DestinationsLost)).Level);

        Source.Finds("10.0.0.9");
        await Until(() => orders.Destinations.Count == 1, AsLongAsItTakes);
        Assert.Single(_clusters.Log.Of(EventIds.DiscoveryRecovered));
    }

    [Fact]
    public async Task After_a_failure_the_source_is_asked_sooner_and_then_less_and_less_often()
    {
        Source.Fails();
        await _clusters.FollowAsync(Orders);
        var asked = new List<int>();
        for (var second = 1; second <= 120; second++)
        {
            var before = Source.Asked;
            _clusters.Time.Advance(TimeSpan.FromSeconds(1));
            if (Source.Asked > before)
            {
                asked.Add(second);
            }
        }

        // 1, 2, 4, 8, 16, 30 and 30 s, a tenth more or less each: never the pace of the first second, never slower than the refresh.
        Assert.InRange(asked.Count, 6, 9);
        Assert.InRange(asked[0], 1, 2);
        Assert.All(asked.Zip(asked.Skip(1), static (one, other) => other - one), static gap => Assert.InRange(gap, 1, 34));
        Assert.InRange(asked[^1] - asked[^2], 26, 34);
    }

    [Fact]
    public async Task Announced_change_is_seen_at_once_and_several_are_one()
    {
        Source.Finds("10.0.0.1");
        var orders = await _clusters.FollowAsync(Orders with { Discovery = Orders.Discovery! with { Refresh = Timeout.InfiniteTimeSpan } });
        _clusters.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, Source.Asked);

        var announced = Source;
        announced.Finds("10.0.0.2");
        announced.Announce();
        announced.Finds("10.0.0.3");
        announced.Announce();
        _clusters.Time.Advance(DestinationWatch.Settling);
        Assert.Equal((2, "10.0.0.3"), (Source.Asked, Ids(orders).Single()));

        announced.Finds("10.0.0.4");
        announced.Announce();
        _clusters.Time.Advance(DestinationWatch.Settling);
        Assert.Equal("10.0.0.4", Ids(orders).Single());
    }

    [Fact]
    public async Task Source_that_always_announces_is_asked_ten_times_a_second_at_most()
    {
        Source.Answer = static _ => Task.FromResult(new DiscoveredDestinations
        {
            Destinations = ScriptedSource.Entries("10.0.0.1"),
            Changed = new Microsoft.Extensions.Primitives.CancellationChangeToken(new(canceled: true)),
        });
        await _clusters.FollowAsync(Orders);
        for (var step = 0; step < 1_000; step++)
        {
            _clusters.Time.Advance(Tick);
        }

        Assert.InRange(Source.Asked, 2, 11);
    }

    [Fact]
    public async Task Silent_source_is_given_up_after_thirty_seconds_and_asked_again()
    {
        Source.Hangs();
        var orders = _clusters.Apply(Orders);
        await Until(() => Source.Asked == 1, TimeSpan.Zero);
        _clusters.Time.Advance(DestinationWatch.Longest - Tick);
        Assert.Null(orders.Discovery!.Watch.Failure);
        _clusters.Time.Advance(Tick);
        await Until(() => orders.Discovery!.Watch.Failure is TimeoutException, TimeSpan.Zero);
        Source.Finds("10.0.0.1");
        await Until(() => orders.Destinations.Count == 1, AsLongAsItTakes);
    }

    [Fact]
    public async Task Time_that_has_come_before_the_timer_is_set_is_not_missed()
    {
        var time = new HastyTime();
        using var clusters = new DiscoveredClusters(configure: services => services.AddSingleton<TimeProvider>(time));
        clusters.Source.Fails();
        await clusters.FollowAsync(Orders);
        Assert.True(SpinWait.SpinUntil(() => clusters.Source.Asked == HastyTime.Count + 1, TimeSpan.FromSeconds(30)), $"Asked {clusters.Source.Asked} times.");
    }

    [Fact]
    public async Task Log_that_throws_does_not_silence_the_watch()
    {
        using var clusters = new DiscoveredClusters(configure: static services => services.AddLogging(static logging => logging.AddProvider(new ThrowingLog())));
        var asks = clusters.Source;
        asks.Finds("10.0.0.1");
        var orders = await clusters.FollowAsync(Orders);
        Assert.Equal(["10.0.0.1"], Ids(orders));
        asks.Fails();
        clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal((2, 1), (asks.Asked, orders.Discovery!.Watch.Found.Count));
        for (var second = 0; second < 600 && orders.Destinations.Count > 0; second++)
        {
            clusters.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Empty(Ids(orders));
        asks.Finds("10.0.0.2", "10.0.0.3");
        clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal(["10.0.0.2", "10.0.0.3"], Ids(orders));
        var leaves = orders.Destinations[0];
        asks.Finds("10.0.0.3");
        clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal("10.0.0.3", string.Join(", ", Ids(orders)));
        Assert.True(leaves.IsDraining);
    }

    [Fact]
    public async Task Cluster_that_could_not_take_over_what_was_found_does_so_with_the_next_answer()
    {
        var isBroken = true;
        using var clusters = new DiscoveredClusters((_, _, _) => isBroken ? throw new InvalidOperationException("broken") : null);
        clusters.Source.Finds("10.0.0.1");
        var orders = await clusters.FollowAsync(Orders);
        clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal((2, 0), (clusters.Source.Asked, orders.Destinations.Count));
        Assert.Single(clusters.Log.Of(EventIds.DiscoveryNotFollowed));

        isBroken = false;
        clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal("10.0.0.1", string.Join(", ", Ids(orders)));
        Assert.Single(clusters.Log.Of(EventIds.DestinationsChanged));

        isBroken = true;
        clusters.Source.Finds("10.0.0.2");
        clusters.Time.Advance(TimeSpan.FromSeconds(33));
        Assert.Equal(2, clusters.Log.Of(EventIds.DiscoveryNotFollowed).Length);
    }

    [Fact]
    public async Task Watch_ends_with_its_last_follower()
    {
        Source.Finds("10.0.0.1");
        await _clusters.FollowAsync(Orders);
        _clusters.States.PutInForce(new Dictionary<string, ClusterState>());
        Source.Announce();
        _clusters.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, Source.Asked);
    }

    // Advances in small steps until a continuation that may be on another thread has done its part.
    private async Task Until(Func<bool> condition, TimeSpan fakeTime)
    {
        var deadline = _clusters.Time.GetUtcNow() + fakeTime;
        for (var real = TimeProvider.System.GetTimestamp(); !condition();)
        {
            if (_clusters.Time.GetUtcNow() < deadline)
            {
                _clusters.Time.Advance(TimeSpan.FromMilliseconds(500));
            }

            Assert.True(TimeProvider.System.GetElapsedTime(real) < TimeSpan.FromSeconds(30), "Never came.");
            await Task.Yield();
        }
    }

    /// <summary>A provider that fails whatever the watch and those who follow it tell.</summary>
    private sealed class ThrowingLog : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // On the timer of a drain, which is another matter.
            if (eventId.Id != EventIds.DestinationDrained)
            {
                throw new IOException("The disk is full.");
            }
        }

        public void Dispose()
        {
        }
    }

    /// <summary>A clock that runs ahead while timers are set, which is how a test's own or a thread that has to wait sees it.</summary>
    private sealed class HastyTime : FakeTimeProvider
    {
        public const int Count = 3;

        private static readonly TimeSpan Infinite = Timeout.InfiniteTimeSpan;

        private int _left = Count;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Hasty(this, base.CreateTimer(callback, state, dueTime, period), () => callback(state));

        private sealed class Hasty(HastyTime owner, ITimer timer, Action fire) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                if (dueTime == Infinite || Interlocked.Decrement(ref owner._left) < 0)
                {
                    return timer.Change(dueTime, period);
                }

                fire();
                return true;
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
