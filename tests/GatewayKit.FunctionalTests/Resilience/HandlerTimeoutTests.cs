using System.Net;
using System.Runtime.CompilerServices;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Timeouts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Deadlines of the host's own endpoints.</summary>
public sealed class HandlerTimeoutTests : IDisposable
{
    private static readonly TimeSpan Total = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private readonly AwaitableObserver _observer = new();
    private readonly SemaphoreSlim _begun = new(0);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _begun.Dispose();

    [Theory]
    [InlineData("/argument")]
    [InlineData("/context")]
    [InlineData("/group")]
    [InlineData("/fails")]
    [InlineData("/gives-up")]
    public async Task Handler_is_cancelled_and_the_client_is_told(string path)
    {
        await using var host = await StartAsync();
        var asking = host.Client.GetAsync(path, TestContext.Current.CancellationToken);
        await BegunAsync();
        _time.Advance(Total - TimeSpan.FromMilliseconds(1));
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("\"code\":\"deadline-exceeded\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var record = await _observer.NextAsync();
        Assert.Equal((504, RejectionReason.DeadlineExceeded), (record.Status, record.Reason));
        Assert.Equal(new PolicyDecision("Timeout", PolicyMode.Enforce, PolicyOutcome.Refused, RejectionReason.DeadlineExceeded), Assert.Single(record.Decisions));
    }

    [Fact]
    public async Task Fixed_answer_of_a_fallback_stands_in_for_a_handler_that_took_too_long()
    {
        await using var host = await StartAsync();
        var asking = host.Client.GetAsync("/instead", TestContext.Current.CancellationToken);
        await BegunAsync();
        _time.Advance(Total);
        using var answer = await asking;
        Assert.Equal((HttpStatusCode.OK, "answer"), (answer.StatusCode, answer.Headers.GetValues("X-Gateway-Fallback").Single()));
        Assert.Equal("instead", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Late_answer_of_a_handler_that_does_not_look_at_its_token_is_no_answer()
    {
        await using var host = await StartAsync();
        var asking = host.Client.GetAsync("/stubborn", TestContext.Current.CancellationToken);
        await BegunAsync();
        _time.Advance(Total);
        _released.SetResult();
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
    }

    // The framework swallows a cancellation in the middle of a JSON array and ends the answer as if it were whole.
    [Theory]
    [InlineData("/half")]
    [InlineData("/array")]
    [InlineData("/array-of-one")]
    public async Task Answer_that_has_begun_is_cut_and_never_looks_whole(string path)
    {
        await using var host = await StartAsync();
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        await BegunAsync();
        if (path is "/half")
        {
            await client.ReadThroughAsync("half");
        }

        _time.Advance(Total);
        Assert.DoesNotContain("0\r\n\r\n", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Request_in_time_is_untouched_and_its_clock_serves_the_next_one()
    {
        await using var host = await StartAsync();
        Assert.Equal("fast", await host.Client.GetStringAsync("/fast", TestContext.Current.CancellationToken));
        _time.Advance(TimeSpan.FromSeconds(1.5));
        var asking = host.Client.GetAsync("/argument", TestContext.Current.CancellationToken);
        await BegunAsync();

        // The former request's time is over here, and this one's is not.
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("fast", await host.Client.GetStringAsync("/fast", TestContext.Current.CancellationToken));
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
    }

    [Theory]
    [InlineData("/events", true)]
    [InlineData("/events-ended", false)]
    public async Task Event_stream_goes_on_unless_the_policy_ends_streams(string path, bool goesOn)
    {
        await using var host = await StartAsync();
        using var client = await RawConnection.ConnectAsync(host.Address);
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        await client.ReadThroughAsync("data: first");
        _time.Advance(Total);
        _released.SetResult();
        Assert.Equal(goesOn, (await client.ReadToEndAsync()).Contains("data: last", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Shadow_counts_and_lets_it_be()
    {
        await using var host = await StartAsync();
        var asking = host.Client.GetStringAsync("/shadow", TestContext.Current.CancellationToken);
        await BegunAsync();
        _time.Advance(Total);
        _released.SetResult();
        Assert.Equal("late", await asking);
        Assert.Equal(PolicyOutcome.WouldRefuse, Assert.Single((await _observer.NextAsync()).Decisions).Outcome);
    }

    [Theory]
    [InlineData(true, "500", 500)]
    [InlineData(true, "9000", 2000)]
    [InlineData(false, "500", 2000)]
    public async Task Trusted_peer_can_only_make_it_shorter(bool trusts, string stated, int ends)
    {
        await using var host = await StartAsync(trusts);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/argument") { Headers = { { "X-GW-Deadline-Ms", stated } } };
        var asking = host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await BegunAsync();
        _time.Advance(TimeSpan.FromMilliseconds(ends - 1));
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
    }

    [Fact]
    public async Task Handler_is_not_asked_when_the_time_is_over_already()
    {
        await using var host = await StartAsync(trusts: true);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/argument") { Headers = { { "X-GW-Deadline-Ms", "0" } } };
        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.GatewayTimeout, 0), (answer.StatusCode, _begun.CurrentCount));
    }

    [Fact]
    public async Task Client_that_goes_away_cancels_the_handler_as_ever()
    {
        await using var host = await StartAsync();
        using (var client = await RawConnection.ConnectAsync(host.Address))
        {
            await client.SendAsync("GET /argument HTTP/1.1\r\nHost: a\r\n\r\n");
            await BegunAsync();
            client.Reset();
        }

        Assert.NotEqual(RejectionReason.DeadlineExceeded, (await _observer.NextAsync()).Reason);
    }

    private async Task BegunAsync() => Assert.True(await _begun.WaitAsync(RawConnection.Limit));

    private Task<TestHost> StartAsync(bool trusts = false) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time);
            builder.Services.AddSingleton<IGatewayObserver>(_observer);
            builder.Services.AddApiGateway(options => options.TrustedProxies = trusts ? [IPNetwork.Parse("127.0.0.0/8")] : []);
        },
        Map);

    private void Map(WebApplication app)
    {
        app.MapGet("/argument", (int? number, CancellationToken token) => HangAsync(token)).WithTimeout(Total);
        app.MapGet("/context", (Delegate)((HttpContext context) => HangAsync(context.RequestAborted))).WithTimeout(Total);
        app.MapGroup("/group").WithTimeout(Total).MapGet("", (CancellationToken token) => HangAsync(token));
        app.MapGet("/fails", async (CancellationToken token) =>
        {
            // As drivers do, in words of their own.
            await HangAsync(token).ContinueWith(static _ => throw new InvalidDataException("cancelled"), TaskScheduler.Default);
            return "never";
        }).WithTimeout(Total);
        app.MapGet("/gives-up", async (CancellationToken token) =>
        {
            await HangAsync(token).ContinueWith(static _ => { }, TaskScheduler.Default);
            return Results.Ok("half of it");
        }).WithTimeout(Total);
        app.MapGet("/stubborn", StubbornAsync).WithTimeout(Total);
        app.MapGet("/shadow", StubbornAsync).WithTimeout(new TimeoutPolicy { Total = Total, Mode = PolicyMode.Shadow });
        app.MapGet("/fast", static () => "fast").WithTimeout(Total);
        app.MapGet("/half", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            await HangAsync(context.RequestAborted);
        }).WithTimeout(Total);
        app.MapGet("/instead", (CancellationToken token) => HangAsync(token)).WithTimeout(Total)
            .WithFallback(new() { OnFailure = new() { Exceptions = true }, Answer = new() { Body = "instead" } });
        app.MapGet("/array", (CancellationToken token) => NumbersAsync(20_000, token)).WithTimeout(Total);
        app.MapGet("/array-of-one", (CancellationToken token) => NumbersAsync(1, token)).WithTimeout(Total);
        app.MapGet("/events", EventsAsync).WithTimeout(Total);
        app.MapGet("/events-ended", EventsAsync).WithTimeout(Total, endsStreams: true);
    }

    private async Task<string> HangAsync(CancellationToken token)
    {
        _begun.Release();
        await Task.Delay(Timeout.Infinite, token);
        return "never";
    }

    private async Task<string> StubbornAsync()
    {
        _begun.Release();
        await _released.Task;
        return "late";
    }

    private async IAsyncEnumerable<int> NumbersAsync(int first, [EnumeratorCancellation] CancellationToken token)
    {
        for (var number = 0; number < first; number++)
        {
            yield return number;
        }

        await HangAsync(token);
    }

    private async Task EventsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync("data: first\n\n");
        await context.Response.Body.FlushAsync();
        await _released.Task;
        await context.Response.WriteAsync("data: last\n\n");
    }
}
