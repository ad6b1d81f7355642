using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Forwarding;

public sealed class ExchangeClockTests
{
    private static readonly ClusterTimeouts Timeouts = new() { Attempt = TimeSpan.FromSeconds(10), Idle = TimeSpan.FromSeconds(20), Total = TimeSpan.FromSeconds(60) };

    private readonly FakeTimeProvider _time = new();
    private readonly ExchangeClocks _clocks;
    private readonly DefaultHttpContext _httpContext = new();

    public ExchangeClockTests() => _clocks = new(_time);

    [Fact]
    public void Head_that_does_not_come_is_a_headers_timeout()
    {
        var clock = Start(Timeouts);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(clock.Token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(clock.Token.IsCancellationRequested);
        Assert.Equal(ForwardError.UpstreamHeadersTimeout, clock.Error);
    }

    [Fact]
    public void Wait_for_a_connection_is_bounded_by_the_deadline_only_and_the_destination_has_its_full_time_after_it()
    {
        var clock = Start(Timeouts with { Total = Timeout.InfiniteTimeSpan });
        clock.AttemptWaits();
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(15));
        }

        Assert.Equal(ForwardError.None, clock.Error);
        clock.AttemptBegins();
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(ForwardError.UpstreamHeadersTimeout, clock.Error);

        clock = Start(Timeouts);
        clock.AttemptWaits();
        _time.Advance(TimeSpan.FromSeconds(59.9));
        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(ForwardError.DeadlineExceeded, clock.Error);
    }

    [Fact]
    public void Upload_has_its_own_time_and_the_head_its_full_time_after_it()
    {
        var clock = Start(Timeouts);
        clock.UploadBegins();
        for (var i = 0; i < 4; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(9));
            clock.UploadMoved();
        }

        clock.UploadEnds();
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(ForwardError.UpstreamHeadersTimeout, clock.Error);
    }

    [Theory]
    [InlineData("UpstreamBody", ForwardError.UpstreamStalled)]
    [InlineData("ClientTaking", ForwardError.ClientStalled)]
    public void Standing_still_is_blamed_on_who_is_waited_for(string waitingFor, ForwardError error)
    {
        var clock = Start(Timeouts);
        clock.HeadArrived();
        _time.Advance(TimeSpan.FromSeconds(15));
        clock.Moved(Enum.Parse<WaitingFor>(waitingFor));
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(error, clock.Error);
    }

    [Theory]
    [InlineData(false, ForwardError.UpstreamStalled)]
    [InlineData(true, ForwardError.ClientBodyTimeout)]
    public void Upload_that_stands_still_is_blamed_on_who_is_waited_for(bool client, ForwardError error)
    {
        var clock = Start(Timeouts);
        clock.UploadBegins();
        clock.UploadMoved();
        if (client)
        {
            clock.UploadWaitsForClient();
        }

        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(error, clock.Error);
    }

    [Fact]
    public void Upload_that_turns_out_empty_starts_the_time_of_the_head()
    {
        var clock = Start(Timeouts);
        clock.UploadBegins();
        clock.UploadEnds();
        _time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.Equal(ForwardError.UpstreamHeadersTimeout, clock.Error);
    }

    [Fact]
    public void Head_that_came_during_the_upload_is_not_waited_for_after_it()
    {
        var clock = Start(Timeouts);
        clock.UploadBegins();
        clock.HeadArrived();
        clock.UploadMoved();
        clock.UploadEnds();
        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ForwardError.UpstreamStalled, clock.Error);
    }

    [Fact]
    public void Client_that_owes_its_body_is_to_blame_when_both_directions_stand_still()
    {
        var clock = Start(Timeouts);
        clock.UploadBegins();
        clock.UploadWaitsForClient();
        clock.HeadArrived();
        clock.Moved(WaitingFor.UpstreamBody);
        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(ForwardError.ClientBodyTimeout, clock.Error);
    }

    [Fact]
    public void Deadline_ends_an_exchange_in_which_bytes_move()
    {
        var clock = Start(Timeouts);
        clock.HeadArrived();
        for (var i = 0; i < 59; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            clock.Moved(WaitingFor.UpstreamBody);
        }

        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ForwardError.DeadlineExceeded, clock.Error);
    }

    [Fact]
    public void Tunnel_has_no_deadline_but_an_idle_clock()
    {
        var clock = Start(Timeouts);
        clock.BecomesTunnel(idle: TimeSpan.FromSeconds(20));
        for (var i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(19));
            clock.Moved();
        }

        Assert.Equal(ForwardError.None, clock.Error);
        _time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(ForwardError.UpgradeIdleTimeout, clock.Error);
    }

    [Fact]
    public void Client_that_goes_away_is_no_timeout()
    {
        using var aborted = new CancellationTokenSource();
        _httpContext.RequestAborted = aborted.Token;
        var clock = Start(Timeouts);
        aborted.Cancel();
        Assert.Equal(ForwardError.ClientAborted, clock.Error);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(ForwardError.ClientAborted, clock.Error);
    }

    [Fact]
    public void Time_of_the_destination_has_neither_the_wait_for_a_connection_nor_the_upload_in_it()
    {
        var clock = Start(Timeouts with { Idle = Timeout.InfiniteTimeSpan });
        clock.AttemptWaits();
        _time.Advance(TimeSpan.FromSeconds(5));
        clock.AttemptBegins();
        clock.UploadBegins();
        _time.Advance(TimeSpan.FromSeconds(5));
        clock.UploadEnds();
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), clock.HeadTime);
        clock.HeadArrived();
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), clock.HeadTime);
    }

    [Fact]
    public void Stopped_clock_is_used_again_with_a_full_measure_of_time()
    {
        var first = Start(Timeouts);
        _time.Advance(TimeSpan.FromSeconds(9));
        first.Stop(reusable: true);
        var second = Start(Timeouts);
        Assert.Same(first, second);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(ForwardError.None, second.Error);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ForwardError.UpstreamHeadersTimeout, second.Error);
    }

    [Fact]
    public void Cancelled_clock_is_not_used_again()
    {
        var first = Start(Timeouts);
        first.Cancel();
        first.Stop(reusable: true);
        Assert.NotSame(first, Start(Timeouts));
    }

    [Fact]
    public void Clocks_that_are_off_never_fire()
    {
        var clock = Start(new() { Attempt = Timeout.InfiniteTimeSpan, Idle = Timeout.InfiniteTimeSpan, Total = Timeout.InfiniteTimeSpan });
        _time.Advance(TimeSpan.FromDays(400));
        Assert.Equal(ForwardError.None, clock.Error);
    }

    private ExchangeClock Start(ClusterTimeouts timeouts)
    {
        var clock = _clocks.Rent();
        clock.Start(timeouts, _httpContext);
        return clock;
    }
}
