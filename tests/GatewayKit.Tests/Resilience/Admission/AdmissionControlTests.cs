using GatewayKit.Resilience.Admission;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Admission;

public sealed class AdmissionControlTests
{
    private readonly FakeTimeProvider _time = new();

    // Draws at random, always the same.
    private readonly Random _random = new(11);

    [Theory]
    [InlineData(1_000, 1_000, 1, 0)]
    [InlineData(1_000, 950, 1, 0)]
    [InlineData(1_000, 900, 1, 0.0526)]
    [InlineData(1_000, 500, 1, 0.4732)]
    [InlineData(1_000, 500, 2, 0.6879)]
    [InlineData(1_000, 0, 1, 0.8)]
    public void Share_is_that_of_the_formula(int sent, int succeeded, double aggression, double expected)
    {
        var control = Create(new() { Aggression = aggression });
        Count(control, succeeded, sent - succeeded);
        Assert.Equal(expected, control.Rejection, tolerance: 0.0001);
    }

    [Fact]
    public void Three_failures_at_night_hold_nobody_back()
    {
        var control = Create();
        for (var hour = 0; hour < 8; hour++)
        {
            Count(control, succeeded: 0, failed: 3);
            Assert.True(control.TryEnter());
            Assert.Equal(0, control.Rejection);
            _time.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public void Rate_is_that_of_the_window()
    {
        var control = Create();
        Count(control, succeeded: 0, failed: 149);
        Assert.Equal(0, control.Rejection);
        Count(control, succeeded: 0, failed: 1);
        Assert.Equal(0.8, control.Rejection);
    }

    [Fact]
    public void Results_are_forgotten_with_the_window()
    {
        var control = Create();
        Count(control, succeeded: 0, failed: 200);
        _time.Advance(TimeSpan.FromSeconds(26));
        Assert.Equal(0.8, control.Rejection);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, control.Rejection);
    }

    [Fact]
    public void Service_that_is_down_sees_a_fifth_of_the_requests()
    {
        var control = Create();
        var (sent, seconds) = (0, 0);
        Run(control, 120, perSecond: 100, isWell: static _ => false, (_, sentNow) => (sent, seconds) = seconds++ < 10 ? (sent, seconds) : (sent + sentNow, seconds));
        Assert.InRange(sent / 110.0, 17, 23);
    }

    // At seven a second a fifth is less than the rate below which nobody is held back: what is held back counts as having come.
    [Fact]
    public void Holding_back_does_not_end_by_itself()
    {
        var control = Create();
        Run(control, 40, perSecond: 7, isWell: static _ => false, static (_, _) => { });
        Run(control, 120, perSecond: 7, isWell: static _ => false, (_, _) => Assert.Equal(0.8, control.Rejection));
    }

    // Three requests a second that are tried four times each are twelve attempts, and still three requests.
    [Fact]
    public void Attempts_are_not_requests()
    {
        var control = Create();
        for (var request = 0; request < 90; request++)
        {
            Assert.True(control.TryEnter());
            for (var attempt = 0; attempt < 4; attempt++)
            {
                control.Count(isSuccess: false);
            }

            _time.Advance(TimeSpan.FromSeconds(1.0 / 3));
        }

        Assert.Equal(0, control.Rejection);
    }

    // In shadow those who would be held back are sent all the same, and are still one request each.
    [Fact]
    public void Request_that_would_be_held_back_counts_once()
    {
        var control = Create();
        foreach (var (perSecond, expected) in ((int, double)[])[(6, 0.8), (4, 0)])
        {
            for (var request = 0; request < 40 * perSecond; request++)
            {
                control.TryEnter();
                control.Count(isSuccess: false);
                _time.Advance(TimeSpan.FromSeconds(1.0 / perSecond));
            }

            Assert.Equal(expected, control.Rejection);
        }
    }

    // Half of all fail whatever is sent: the share settles, though those that are held back are not failures.
    [Fact]
    public void Share_does_not_run_away()
    {
        var (control, answers) = (Create(), new Random(5));
        Run(control, 60, perSecond: 200, isWell: _ => answers.Next(2) == 0, static (_, _) => { });
        Run(control, 120, perSecond: 200, isWell: _ => answers.Next(2) == 0, (_, _) => Assert.InRange(control.Rejection, 0.42, 0.53));
    }

    // 1,000 come, 500 can be served, and the others fail: it sends what balances the formula and stays there.
    [Fact]
    public void Overloaded_service_is_sent_less_without_flapping()
    {
        var control = Create();
        Run(control, 120, perSecond: 1_000, isWell: static sentThisSecond => sentThisSecond < 500, static (_, _) => { });
        Run(control, 120, perSecond: 1_000, isWell: static sentThisSecond => sentThisSecond < 500, (_, sent) =>
        {
            Assert.InRange(sent, 620, 830);
            Assert.InRange(control.Rejection, 0.18, 0.37);
        });
    }

    [Fact]
    public void All_are_sent_again_a_window_after_it_is_well()
    {
        var control = Create();
        Run(control, 60, perSecond: 100, isWell: static _ => false, static (_, _) => { });
        var shares = new List<double>();
        Run(control, 60, perSecond: 100, isWell: static _ => true, (_, _) => shares.Add(control.Rejection));

        // Less and less, and more each time that more get through.
        Assert.All(shares.Zip(shares.Skip(1)), static pair => Assert.True(pair.Second <= pair.First + 1e-9));
        Assert.InRange(shares[10], 0, 0.79);
        Assert.All(shares.Skip(30), static share => Assert.Equal(0, share));
    }

    private static void Count(AdmissionControl control, int succeeded, int failed)
    {
        for (var i = 0; i < succeeded + failed; i++)
        {
            control.TryEnter();
            control.Count(i < succeeded);
        }
    }

    private void Run(AdmissionControl control, int seconds, int perSecond, Func<int, bool> isWell, Action<int, int> look)
    {
        for (var second = 0; second < seconds; second++)
        {
            var sent = 0;
            for (var i = 0; i < perSecond; i++)
            {
                if (control.TryEnter())
                {
                    control.Count(isWell(sent++));
                }
            }

            look(second, sent);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    private AdmissionControl Create(AdmissionPolicy? settings = null) => new(settings ?? new(), _time, _random.NextDouble);
}
