using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Tests.Resilience.Bulkheads;

public sealed class LatencyWindowTests
{
    [Fact]
    public void Percentile_is_off_by_three_per_cent_at_most_from_microseconds_to_an_hour()
    {
        var random = new Random(7);
        var window = new LatencyWindow();
        for (var round = 0; round < 300; round++)
        {
            var count = random.Next(1, 400);
            var times = Enumerable.Range(0, count).Select(_ => Math.Floor(Math.Exp(random.NextDouble() * Math.Log(3.6e9)))).Order().ToArray();
            window.Clear();
            foreach (var time in times)
            {
                window.Add(TimeSpan.FromMicroseconds(time));
            }

            foreach (var share in (double[])[0.01, 0.5, 0.9, 0.99, 1])
            {
                var exact = times[(int)Math.Ceiling(share * count) - 1];
                Assert.InRange(window.Percentile(share), exact * 0.97, exact * 1.03);
            }

            Assert.Equal(times.Average(), window.Mean, times.Average() * 1e-9);
            Assert.Equal(count, window.Count);
        }
    }

    [Fact]
    public void What_is_longer_than_an_hour_counts_as_that()
    {
        var window = new LatencyWindow();
        window.Add(TimeSpan.FromDays(3));
        Assert.InRange(window.Percentile(1), TimeSpan.FromHours(1).TotalMicroseconds, TimeSpan.FromHours(1.2).TotalMicroseconds);
    }

    [Fact]
    public void One_without_any_is_zero()
    {
        var window = new LatencyWindow();
        Assert.Equal((0d, 0d, 0), (window.Mean, window.Percentile(0.9), window.Count));
    }
}
