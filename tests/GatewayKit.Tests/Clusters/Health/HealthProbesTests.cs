using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;

namespace GatewayKit.Tests.Clusters.Health;

public sealed class HealthProbesTests : IDisposable
{
    private static readonly ActiveHealth Checks = new() { Path = "/health?deep=no" };

    private readonly WatchedCluster _cluster = new();

    [Fact]
    public void Destination_is_asked_at_its_own_address_by_the_host_that_requests_have()
    {
        var asked = new List<HttpRequestMessage>();
        _cluster.Answer = (_, request, _) =>
        {
            asked.Add(request);
            return WatchedCluster.Answers(HttpStatusCode.OK);
        };
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks }) with
        {
            Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = new("http://hosta:8080/base/"), Host = "orders.example" } },
        });
        Wait(1);
        var request = Assert.Single(asked);
        Assert.Equal((HttpMethod.Get, "http://hosta:8080/base/health?deep=no", "orders.example"), (request.Method, request.RequestUri!.OriginalString, request.Headers.Host));
    }

    [Theory]
    [InlineData(0, 9)]
    [InlineData(0.5, 10)]
    [InlineData(1, 11)]
    public void Times_are_spread_by_a_tenth(double jitter, double expected)
    {
        _cluster.Jitter = jitter;
        var start = _cluster.Time.GetElapsedTime(0);
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks with { IdleInterval = Checks.Interval } }));
        Wait(40);
        var gaps = Enumerable.Zip(_cluster.Asked, _cluster.Asked.Skip(1), static (one, next) => (next.At - one.At).TotalSeconds);
        Assert.All(gaps, gap => Assert.Equal(expected, gap, 1));
        Assert.Equal(jitter, (_cluster.Asked[0].At - start).TotalSeconds, 1);
    }

    [Fact]
    public void Destination_that_fails_three_checks_is_out_and_two_that_pass_bring_it_back()
    {
        var isWell = true;
        _cluster.Answer = (destination, _, _) => WatchedCluster.Answers(destination is "b" && !isWell ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.NoContent);
        _cluster.Apply(WatchedCluster.Of(2, new() { Active = Checks }));
        Wait(1);
        Assert.Equal(HealthState.Healthy, Status("b").Active);
        isWell = false;

        // The first question that fails comes after an interval without requests.
        Wait(62);
        Assert.Equal("ab", _cluster.Available);
        Wait(20);
        Assert.Equal("a", _cluster.Available);
        Assert.Equal((HealthState.Unhealthy, "health-check-bad-answer", false), (Status("b").Active, Status("b").Reason, Status("b").IsAvailable));
        var (_, _, line) = Assert.Single(_cluster.Log.Of(EventIds.DestinationHealthChanged), static line => line.Line.Contains("Unhealthy", StringComparison.Ordinal));
        Assert.Contains("bad-answer at http://hostb/health?deep=no (status 503; 3 answers in a row, 3 failures)", line, StringComparison.Ordinal);
        isWell = true;
        Wait(72);
        Assert.Equal("ab", _cluster.Available);
    }

    [Theory]
    [InlineData(200, "", true)]
    [InlineData(204, "", true)]
    [InlineData(301, "", false)]
    [InlineData(404, "", false)]
    [InlineData(503, "", false)]
    [InlineData(404, "404", true)]
    [InlineData(200, "204,404", false)]
    public void Expected_answers_pass(int status, string expected, bool passes)
    {
        _cluster.Answer = (_, _, _) => WatchedCluster.Answers((HttpStatusCode)status);
        _cluster.Apply(WatchedCluster.Of(1, new()
        {
            Active = Checks with { UnhealthyAfter = 1, Statuses = [.. expected.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)] },
        }));
        Wait(1);
        Assert.Equal(passes ? HealthState.Healthy : HealthState.Unhealthy, Status("a").Active);
    }

    [Fact]
    public async Task Silent_destination_is_given_up_after_the_timeout()
    {
        var given = new TaskCompletionSource();
        _cluster.Answer = async (_, _, cancellation) =>
        {
            cancellation.Register(given.SetResult);
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException();
        };
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks with { UnhealthyAfter = 1 } }));
        Wait(2.4);
        Assert.False(given.Task.IsCompleted);
        Wait(0.2);
        await given.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await Until(() => Status("a").Reason == "health-check-timed-out");
    }

    [Fact]
    public void Destination_that_cannot_be_reached_fails()
    {
        _cluster.Answer = static (_, _, _) => throw new HttpRequestException("Refused.");
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks with { UnhealthyAfter = 1 } }));
        Wait(1);
        Assert.Equal("health-check-unreachable", Status("a").Reason);
        Assert.Equal(1, _cluster.Measured["gatewaykit.health.probes unreachable"]);
    }

    [Fact]
    public void Idle_cluster_is_asked_rarely_and_at_once_as_usual_when_requests_come()
    {
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks }));
        Wait(200);
        Assert.InRange(_cluster.Asked.Count, 3, 4);
        _cluster.Asked.Clear();
        for (var i = 0; i < 60; i++)
        {
            _cluster.Call();
            Wait(1);
        }

        Assert.InRange(_cluster.Asked.Count, 6, 7);
    }

    [Fact]
    public void Check_that_passes_lets_an_open_circuit_try_early_and_no_more()
    {
        _cluster.Apply(WatchedCluster.Of(2, new() { Active = Checks with { IdleInterval = Checks.Interval } }));
        Wait(5);
        for (var i = 0; i < 5; i++)
        {
            _cluster["a"].Circuit.Trip("test", 1, 1);
            Wait(6);
            _cluster.TryBegin(out var lease);
            lease.Report(CallResult.Failure, default, null);
        }

        _cluster["a"].Circuit.Trip("test", 1, 1);
        Assert.True(_cluster["a"].Circuit.RetryAfter > TimeSpan.FromSeconds(12));
        Wait(12);
        Assert.Equal(CircuitState.HalfOpen, _cluster["a"].Circuit.State);
        Wait(60);
        Assert.Equal(CircuitState.HalfOpen, _cluster["a"].Circuit.State);
        _cluster["a"].Circuit.Isolate();
        Wait(60);
        Assert.Equal(CircuitState.Isolated, _cluster["a"].Circuit.State);
    }

    [Fact]
    public void Reload_leaves_counts_and_times_of_what_it_does_not_change()
    {
        _cluster.Answer = static (_, _, _) => WatchedCluster.Answers(HttpStatusCode.ServiceUnavailable);
        var health = new ClusterHealth { Active = Checks };
        _cluster.Apply(WatchedCluster.Of(2, health));
        Wait(15);
        Assert.Equal(2, _cluster["a"].Probes.InARow);
        _cluster.Apply(WatchedCluster.Of(3, health) with { LoadBalancing = LoadBalancing.Random });
        Wait(6);
        Assert.Equal((HealthState.Unhealthy, HealthState.Unhealthy, HealthState.Unknown), (Status("a").Active, Status("b").Active, Status("c").Active));
        Assert.Equal(3, _cluster.Probes.Count);
    }

    [Fact]
    public void Another_question_is_answered_anew()
    {
        _cluster.Answer = static (_, request, _) => WatchedCluster.Answers(request.RequestUri!.AbsolutePath is "/healthz" ? HttpStatusCode.OK : HttpStatusCode.NotFound);
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks with { UnhealthyAfter = 1 } }));
        Wait(1);
        Assert.Equal(HealthState.Unhealthy, Status("a").Active);
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks with { Path = "/healthz" } }));
        Assert.Equal(HealthState.Unknown, Status("a").Active);
        Wait(1);
        Assert.Equal(HealthState.Healthy, Status("a").Active);
    }

    [Fact]
    public void Checks_end_with_the_destination_the_cluster_and_the_setting()
    {
        var health = new ClusterHealth { Active = Checks };
        _cluster.Apply(WatchedCluster.Of(3, health));
        Assert.Equal(3, _cluster.Probes.Count);
        _cluster.Apply(WatchedCluster.Of(2, health));
        Assert.Equal(2, _cluster.Probes.Count);
        _cluster.Apply(WatchedCluster.Of(2, new() { Active = Checks with { Mode = PolicyMode.Off } }));
        Assert.Equal(0, _cluster.Probes.Count);
        _cluster.Apply(WatchedCluster.Of(2, health));
        Assert.Equal(2, _cluster.Probes.Count);
        _cluster.Apply(null);
        Assert.Equal(0, _cluster.Probes.Count);
        _cluster.Asked.Clear();
        Wait(300);
        Assert.Empty(_cluster.Asked);
    }

    [Fact]
    public void Destination_whose_connections_are_all_in_use_is_not_asked()
    {
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks }) with { Http = new() { MaxConnections = 1 } });
        Assert.Equal(PickRefusal.None, _cluster.TryBegin(out var lease));
        Wait(15);
        Assert.Empty(_cluster.Asked);
        Assert.Equal(2, _cluster.Measured["gatewaykit.health.probes skipped"]);
        WatchedCluster.End(lease, 200);
        Wait(10);
        Assert.Single(_cluster.Asked);
    }

    [Fact]
    public void Answer_that_comes_after_the_end_changes_nothing()
    {
        var answer = new TaskCompletionSource<HttpResponseMessage>();
        _cluster.Answer = (_, _, _) => answer.Task;
        _cluster.Apply(WatchedCluster.Of(1, new() { Active = Checks }));
        Wait(1);
        var health = _cluster["a"];
        _cluster.Apply(null);
        answer.SetResult(new(HttpStatusCode.OK));
        Assert.Equal(HealthState.Unknown, health.Probes.State);
    }

    public void Dispose() => _cluster.Dispose();

    private DestinationHealthStatus Status(string destination) => _cluster.Clusters.Get(WatchedCluster.Id).Destinations.Single(one => one.Id == destination).Health;

    private void Wait(double seconds)
    {
        for (var left = TimeSpan.FromSeconds(seconds); left > TimeSpan.Zero; left -= TimeSpan.FromMilliseconds(100))
        {
            _cluster.Time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }

    // A handler that listens to its token ends on whatever thread cancels it.
    private static async Task Until(Func<bool> condition)
    {
        for (var start = TimeProvider.System.GetTimestamp(); !condition();)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "Never came.");
            await Task.Yield();
        }
    }
}
