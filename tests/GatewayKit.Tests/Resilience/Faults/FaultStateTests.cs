using System.Net;
using System.Security.Claims;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Faults;

public sealed class FaultStateTests
{
    private static readonly FaultPolicy Policy = new() { Abort = new(), Seed = 5 };

    private readonly FakeTimeProvider _time = new(new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(10)]
    [InlineData(50)]
    [InlineData(100)]
    public void Draws_come_at_their_rate_and_again_under_the_same_seed(double percent)
    {
        const int Draws = 100_000;
        var first = Draw();
        Assert.Equal(first, Draw());

        // Five standard deviations: under this seed it holds or does not, for ever.
        var tolerance = 5 * Math.Sqrt(Draws * percent / 100 * (1 - (percent / 100)));
        Assert.InRange(first.Count(static hit => hit), (Draws * percent / 100) - tolerance, (Draws * percent / 100) + tolerance);

        bool[] Draw()
        {
            var state = new FaultState(Policy, _time);
            return [.. Enumerable.Range(0, Draws).Select(_ => state.Draw(percent))];
        }
    }

    [Fact]
    public void No_more_suffer_at_once_than_may()
    {
        var state = new FaultState(Policy with { MaxActive = 3 }, _time);
        var entered = 0;
        Parallel.For(0, 100, _ => Interlocked.Add(ref entered, state.TryEnter() ? 1 : 0));
        Assert.Equal(3, entered);
        state.Leave();
        Assert.True(state.TryEnter());
        Assert.False(state.TryEnter());
    }

    [Fact]
    public void Faults_end_at_their_date()
    {
        var state = new FaultState(Policy with { Until = _time.GetUtcNow() + TimeSpan.FromHours(1) }, _time);
        _time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.True(state.Concerns(new DefaultHttpContext()));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(state.Concerns(new DefaultHttpContext()));
    }

    [Fact]
    public void Faults_without_a_date_end_after_a_quarter_of_an_hour()
    {
        var state = new FaultState(Policy, _time);
        _time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromTicks(1));
        Assert.True(state.Concerns(new DefaultHttpContext()));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(state.Concerns(new DefaultHttpContext()));
    }

    [Theory]
    [InlineData("1", "10.9.9.9", false, true)]
    [InlineData("1", "::ffff:10.9.9.9", false, true)]
    [InlineData("1", "192.0.2.1", true, true)]
    [InlineData("1", "192.0.2.1", false, false)]
    [InlineData("1", null, false, false)]
    [InlineData("2", "10.9.9.9", true, false)]
    [InlineData("1,1", "10.9.9.9", true, false)]
    [InlineData(null, "10.9.9.9", true, false)]
    public void Headers_ask_for_faults_where_the_client_is_known(string? value, string? address, bool isAuthenticated, bool concerns)
    {
        var state = new FaultState(Policy with { Match = new Dictionary<string, string> { ["X-Chaos"] = "1", ["X-Any"] = "*" }, From = [IPNetwork.Parse("10.0.0.0/8")] }, _time);
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        context.User = new(new ClaimsIdentity(isAuthenticated ? "test" : null));
        context.Request.Headers["x-chaos"] = value?.Split(',');
        context.Request.Headers["x-any"] = "whatever";
        Assert.Equal(concerns, state.Concerns(context));
        context.Request.Headers.Remove("x-any");
        Assert.False(state.Concerns(context));
    }
}
