using System.Net;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>A circuit breaker around endpoints of the host and around routes.</summary>
public sealed class EndpointCircuitTests
{
    private readonly FakeTimeProvider _time = new();
    private volatile Func<HttpContext, Task<IResult>> _handler = static _ => Task.FromResult(Results.Ok());
    private int _calls;

    public static TheoryData<string, Func<HttpContext, Task<IResult>>> Failures => new()
    {
        { "exception", static _ => throw new InvalidOperationException("the handler failed") },
        { "late exception", static async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("the handler failed");
            }
        },
        { "502", static _ => Task.FromResult(Results.StatusCode(502)) },
        { "503", static _ => Task.FromResult<IResult>(TypedResults.StatusCode(503)) },
        { "504", static _ => Task.FromResult(Results.Problem(statusCode: 504)) },
        { "written by hand", static context =>
            {
                context.Response.StatusCode = 503;
                return Task.FromResult(Results.Empty);
            }
        },
    };

    public static TheoryData<string, Func<HttpContext, Task<IResult>>> NoFailures => new()
    {
        { "500", static _ => Task.FromResult(Results.StatusCode(500)) },
        { "501", static _ => Task.FromResult(Results.StatusCode(501)) },
        { "404", static _ => Task.FromResult(Results.NotFound()) },
        { "429", static _ => Task.FromResult(Results.StatusCode(429)) },
        { "malformed request", static _ => throw new BadHttpRequestException("no JSON") },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Endpoint_that_fails_is_left_alone(string name, Func<HttpContext, Task<IResult>> handler)
    {
        Assert.NotNull(name);
        await using var gateway = await StartAsync(new());
        _handler = handler;
        await CallAsync(gateway, 5);
        Assert.Equal(5, _calls);

        using var refused = await gateway.Client.GetAsync("/report");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 4, 6);
        using var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync());
        Assert.Equal("circuit-open", problem.RootElement.GetProperty("code").GetString());
        Assert.Equal(5, _calls);
    }

    [Theory]
    [MemberData(nameof(NoFailures))]
    public async Task Answers_that_say_nothing_of_it_leave_it_in_use(string name, Func<HttpContext, Task<IResult>> handler)
    {
        Assert.NotNull(name);
        await using var gateway = await StartAsync(new() { FailuresInARow = 1 });
        _handler = handler;
        await CallAsync(gateway, 30);
        Assert.Equal(30, _calls);
    }

    [Fact]
    public async Task Other_server_errors_count_where_asked()
    {
        await using var gateway = await StartAsync(new() { CountServerErrors = true });
        _handler = static _ => Task.FromResult(Results.StatusCode(500));
        await CallAsync(gateway, 10);
        Assert.Equal(5, _calls);
    }

    [Fact]
    public async Task It_comes_back_when_it_is_well()
    {
        await using var gateway = await StartAsync(new() { Recovery = TimeSpan.Zero });
        _handler = static _ => Task.FromResult(Results.StatusCode(503));
        await CallAsync(gateway, 6);
        _handler = static _ => Task.FromResult(Results.Ok());
        _time.Advance(TimeSpan.FromSeconds(6.1));
        Assert.Equal("200 200 200 200", await CallAsync(gateway, 4));
    }

    [Fact]
    public async Task Client_that_goes_away_says_nothing()
    {
        await using var gateway = await StartAsync(new() { FailuresInARow = 1 });
        for (var i = 0; i < 3; i++)
        {
            var (called, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
            _handler = async context =>
            {
                called.SetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                }
                finally
                {
                    ended.SetResult();
                }

                return Results.Ok();
            };
            using var cancellation = new CancellationTokenSource();
            var call = gateway.Client.GetAsync("/report", cancellation.Token);
            await called.Task;
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            await ended.Task;
        }

        _handler = static _ => Task.FromResult(Results.Ok());
        Assert.Equal("200", await CallAsync(gateway, 1));
    }

    [Fact]
    public async Task In_shadow_everybody_is_served_and_refusals_are_on_record()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartAsync(new() { Mode = PolicyMode.Shadow }, observer);
        _handler = static _ => Task.FromResult(Results.StatusCode(503));
        await CallAsync(gateway, 6);
        Assert.Equal(6, _calls);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(PolicyOutcome.Allowed, Assert.Single((await observer.NextAsync()).Decisions).Outcome);
        }

        var decision = Assert.Single((await observer.NextAsync()).Decisions);
        Assert.Equal((PolicyOutcome.WouldRefuse, RejectionReason.CircuitOpen), (decision.Outcome, decision.Reason));
    }

    [Fact]
    public async Task Route_as_a_whole_has_one_by_configuration()
    {
        var dead = new Uri("http://127.0.0.1:1");
        await using var gateway = await TestHost.GatewayAsync(
            $$"""
            {
              "Clusters": { "orders": { "Destinations": { "a": { "Address": "{{dead}}" } }, "CircuitBreaker": { "Mode": "Off" } } },
              "Routes": { "orders": { "Match": { "Path": "/report" }, "Cluster": "orders", "CircuitBreaker": { "FailuresInARow": 2 } } }
            }
            """,
            builder => builder.Services.AddSingleton<TimeProvider>(_time));
        Assert.Equal("502 502 503 503", await CallAsync(gateway, 4));
    }

    [Fact]
    public async Task Setting_that_makes_no_sense_is_an_error_with_its_path()
    {
        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => TestHost.GatewayAsync(
            """
            {
              "Routes": { "orders": { "Match": { "Path": "/" }, "Respond": { "Status": 200 }, "CircuitBreaker": { "MaxProbes": 0, "Window": "00:10:00" } } }
            }
            """));
        Assert.Contains("CircuitBreaker", thrown.ToString(), StringComparison.Ordinal);
        Assert.Contains("MaxProbes", thrown.ToString(), StringComparison.Ordinal);
    }

    private async Task<TestHost> StartAsync(CircuitBreakerPolicy policy, IGatewayObserver? observer = null) => await TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(_time);
            if (observer is not null)
            {
                builder.Services.AddSingleton(observer);
            }
        },
        map: app => app.MapGet("/report", (Delegate)HandleAsync).WithCircuitBreaker(policy));

    private Task<IResult> HandleAsync(HttpContext context)
    {
        Interlocked.Increment(ref _calls);
        return _handler(context);
    }

    private static async Task<string> CallAsync(TestHost gateway, int times)
    {
        var statuses = new int[times];
        for (var i = 0; i < times; i++)
        {
            using var response = await gateway.Client.GetAsync("/report");
            statuses[i] = (int)response.StatusCode;
        }

        return string.Join(' ', statuses);
    }
}
