using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>What becomes of a service in trouble, with and without an adaptive limit in front of it.</summary>
public sealed class AdaptiveSimulationTests
{
    private static readonly AdaptiveLimit Adaptive = new();

    // 50 servers of 50 ms are 1,000 requests a second. 800 come, and a minute later half of the servers are gone for a minute.
    private static SimulatedService Halving(AdaptiveLimit? adaptive, int seed = 1) => new(seconds: 180, adaptive, seed)
    {
        Arrivals = static _ => 800,
        Capacity = static second => second is >= 60 and < 120 ? 25 : 50,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Capacity_that_halves_is_found_within_ten_seconds_and_again_when_it_is_back(int seed)
    {
        var service = Halving(Adaptive, seed).Run();
        Describe(service);
        Assert.Equal(0, service.Refused(10, 60));
        Assert.InRange(service.Goodput(70, 120), 0.95 * 500, 1.05 * 500);
        Assert.InRange(service.Latency(70, 120, 0.99), TimeSpan.Zero, TimeSpan.FromMilliseconds(600));
        Assert.Equal(0, service.Seconds.Skip(70).Take(50).Sum(static second => second.TimedOut));
        Assert.InRange(service.Goodput(130, 180), 0.98 * 800, 1.02 * 800);
    }

    [Fact]
    public void Without_it_the_same_service_answers_nearly_nobody_in_time()
    {
        var service = Halving(null).Run();
        Describe(service);
        Assert.InRange(service.Goodput(70, 120), 0, 0.1 * 500);
        Assert.True(service.Seconds.Skip(70).Take(50).Sum(static second => second.TimedOut) > 5_000);
    }

    // What is above the initial number has to be found first: 25 in flight take a moment.
    [Theory]
    [InlineData(20, 0)]
    [InlineData(50, 3)]
    public void Steady_load_at_half_of_the_capacity_is_not_refused_in_ten_minutes(int capacity, int cold)
    {
        var service = new SimulatedService(seconds: 600 + cold, Adaptive) { Arrivals = _ => capacity * 20 * 0.5, Capacity = _ => capacity }.Run();
        Describe(service);
        Assert.Equal(0, service.Refused(cold, 600 + cold));
        Assert.InRange(service.Goodput(cold, 600 + cold), capacity * 20 * 0.49, capacity * 20 * 0.51);
    }

    [Fact]
    public void Four_times_the_capacity_for_a_minute_leaves_the_capacity()
    {
        var (with, without) = (Overload(Adaptive), Overload(null));
        Describe(with);
        Assert.InRange(with.Goodput(20, 80), 0.9 * 500, 1.05 * 500);
        Assert.InRange(with.Goodput(30, 80), 0.95 * 500, 1.05 * 500);
        Assert.InRange(with.Goodput(82, 100), 0.95 * 250, 1.05 * 250);
        Assert.InRange(without.Goodput(30, 80), 0, 0.1 * 500);

        static SimulatedService Overload(AdaptiveLimit? adaptive) => new SimulatedService(seconds: 100, adaptive)
        {
            Arrivals = static second => second is >= 20 and < 80 ? 2_000 : 250,
            Capacity = static _ => 25,
        }.Run();
    }

    // Beyond eight at once it does less the more it has to do: at most 160 requests a second, and 64 with twenty at once.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Service_that_collapses_at_eight_is_kept_near_eight(bool isToldTheTarget)
    {
        var (with, without) = (Collapsing(isToldTheTarget ? Adaptive with { TargetLatency = TimeSpan.FromMilliseconds(115) } : Adaptive), Collapsing(null));
        Describe(with);
        Assert.InRange(with.Seconds.Skip(40).Average(static second => second.Limit), 2, 14);
        Assert.InRange(with.Goodput(40, 120), 90, 160);
        Assert.InRange(without.Goodput(40, 120), 0, 20);

        static SimulatedService Collapsing(AdaptiveLimit? adaptive) => new SimulatedService(seconds: 120, adaptive)
        {
            Arrivals = static second => second < 30 ? 60 : 400,
            Capacity = static _ => 10_000,
            Slowdown = static busy => Math.Max(1, Math.Pow(busy / 8.0, 2)),
        }.Run();
    }

    [Fact]
    public void Busy_service_that_starts_cold_has_its_places_within_seconds()
    {
        var service = new SimulatedService(seconds: 30, Adaptive) { Arrivals = static _ => 8_000, Capacity = static _ => 600 }.Run();
        Describe(service);
        Assert.Equal(0, service.Refused(10, 30));
        Assert.InRange(service.Goodput(10, 30), 0.98 * 8_000, 1.02 * 8_000);
    }

    // For ten minutes three quarters more come than it can serve. What is learnt gives way slowly, what is said does not.
    [Theory]
    [InlineData(false, 1_000)]
    [InlineData(true, 250)]
    public void Overload_that_lasts_leaves_the_capacity(bool isToldTheTarget, int milliseconds)
    {
        var service = new SimulatedService(seconds: 660, isToldTheTarget ? Adaptive with { TargetLatency = TimeSpan.FromMilliseconds(115) } : Adaptive)
        {
            Arrivals = static second => second < 60 ? 100 : 350,
            Capacity = static _ => 10,
        }.Run();
        Describe(service);
        Assert.InRange(service.Goodput(70, 660), 0.95 * 200, 1.05 * 200);
        Assert.InRange(service.Latency(600, 660, 0.5), TimeSpan.Zero, TimeSpan.FromMilliseconds(milliseconds));
        Assert.InRange(service.Latency(80, 140, 0.5), TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
    }

    // No queue, only slower for good, with servers enough: that is not trouble, and must not be refused forever.
    [Fact]
    public void Service_that_has_become_twice_as_slow_is_taken_as_it_is_within_minutes()
    {
        var service = new SimulatedService(seconds: 600, Adaptive)
        {
            Arrivals = static _ => 400,
            Capacity = static _ => 10_000,
            Slowness = static second => second < 60 ? 1 : 2,
        }.Run();
        Describe(service);
        Assert.True(service.Refused(60, 300) > 1_000);
        Assert.Equal(0, service.Refused(400, 600));
    }

    private static void Describe(SimulatedService service) => TestContext.Current.TestOutputHelper?.WriteLine(DescriptionOf(service));

    private static string DescriptionOf(SimulatedService service) => string.Join('\n', Enumerable.Range(0, service.Seconds.Count).Where(static at => at < 20 || at % 5 == 0).Select(at =>
        $"{at,4} s: limit {service.Seconds[at].Limit,4}, in flight {service.Seconds[at].MostInFlight,4}, served {service.Seconds[at].Served,5}, refused {service.Seconds[at].Refused,5}, timed out {service.Seconds[at].TimedOut,5}"));
}
