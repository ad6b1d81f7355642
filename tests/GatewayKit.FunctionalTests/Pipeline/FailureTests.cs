using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>What comes of a filter or policy that throws.</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData("/outside")]
    [InlineData("/inside")]
    [InlineData("/result")]
    public async Task Failing_filter_on_a_gateway_route_gives_a_problem_without_its_words(string path)
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartAsync(observer);

        using var response = await gateway.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Null(response.Headers.ETag);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal("filter-error", JsonDocument.Parse(body).RootElement.GetProperty("code").GetString());
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
        var completed = await observer.NextAsync();
        Assert.Equal((500, RejectionReason.FilterError), (completed.Status, completed.Reason));
    }

    [Fact]
    public async Task Failure_after_the_start_of_the_answer_cuts_it_off()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartAsync(observer);

        await Assert.ThrowsAsync<HttpRequestException>(() => gateway.Client.GetStringAsync("/late"));
        Assert.Equal(RejectionReason.FilterError, (await observer.NextAsync()).Reason);
    }

    [Fact]
    public async Task Request_that_the_client_gives_up_is_recorded_as_such_and_as_no_policys_decision()
    {
        var observer = new AwaitableObserver();
        var entered = new TaskCompletionSource();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail();
            },
            map: app => app.MapGatewayRoute(Route("a")).WithGatewayPolicy(new TrailPolicy("p")).AddEndpointFilter(async (context, next) =>
            {
                entered.SetResult();
                await Task.Delay(Timeout.Infinite, context.HttpContext.RequestAborted);
                return await next(context);
            }));

        using var patience = new CancellationTokenSource();
        var request = gateway.Client.GetAsync("/a", patience.Token);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        var completed = await observer.NextAsync();
        Assert.Equal((499, RejectionReason.ClientAborted), (completed.Status, completed.Reason));
        Assert.Equal(PolicyOutcome.Allowed, Assert.Single(completed.Decisions).Outcome);
    }

    [Fact]
    public async Task Observer_that_fails_keeps_neither_the_client_nor_other_observers_from_anything()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver, ThrowingObserver>();
                builder.Services.AddSingleton<IGatewayObserver>(observer);
            },
            map: app => app.MapGatewayRoute(Route("a")));

        using var response = await gateway.Client.GetAsync("/a");

        Assert.Equal("a", await response.Content.ReadAsStringAsync());
        Assert.Equal(200, (await observer.NextAsync()).Status);
    }

    [Theory]
    [InlineData(413, "body-too-large")]
    [InlineData(408, "client-timeout")]
    [InlineData(400, "malformed-body")]
    public async Task Body_that_a_filter_cannot_read_keeps_the_status_of_the_server(int status, string code)
    {
        await using var gateway = await TestHost.GatewayAsync(map: app => app.MapGatewayRoute(Route("a"))
            .AddEndpointFilter((_, _) => throw new BadHttpRequestException("secret", status)));

        using var response = await gateway.Client.GetAsync("/a");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(code, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Failing_host_endpoint_is_left_to_the_host_and_observed_with_its_status()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartAsync(observer);

        using var response = await gateway.Client.GetAsync("/own");
        var completed = await observer.NextAsync();

        Assert.Equal((HttpStatusCode.InternalServerError, string.Empty), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(500, completed.Status);
        Assert.Equal(PolicyOutcome.Allowed, Assert.Single(completed.Decisions).Outcome);
    }

    [Fact]
    public async Task Failing_policy_in_shadow_mode_does_not_fail_the_request()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddPolicy<ThrowingPolicy, ThrowingFilterFactory>("Throwing");
            },
            map: app => app.MapGatewayRoute(Route("a")).WithGatewayPolicy(new ThrowingPolicy { Mode = PolicyMode.Shadow }));

        Assert.Equal("a", await gateway.Client.GetStringAsync("/a"));
        var decision = Assert.Single((await observer.NextAsync()).Decisions);
        Assert.Equal(new("Throwing", PolicyMode.Shadow, PolicyOutcome.WouldRefuse, RejectionReason.FilterError), decision);
    }

    [Theory]
    [InlineData("refuses", "deadline-exceeded")]
    [InlineData("throws", "filter-error")]
    [InlineData("replaces", null)]
    [InlineData("abandons", "deadline-exceeded")]
    public async Task Policy_in_shadow_mode_leaves_the_answer_as_it_was(string way, string? reason)
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartLateAsync(observer, new LatePolicy(way) { Mode = PolicyMode.Shadow });

        Assert.Equal("a", await gateway.Client.GetStringAsync("/a"));
        Assert.Equal(new("Late", PolicyMode.Shadow, PolicyOutcome.WouldRefuse, reason is null ? null : ReasonOf(reason)), Assert.Single((await observer.NextAsync()).Decisions));
    }

    [Fact]
    public async Task Policy_in_shadow_mode_cannot_hide_a_failure_behind_it()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartLateAsync(observer, new LatePolicy("hides") { Mode = PolicyMode.Shadow });

        using var response = await gateway.Client.GetAsync("/a");

        Assert.Equal((413, RejectionReason.BodyTooLarge), ((int)response.StatusCode, (await observer.NextAsync()).Reason));
    }

    [Fact]
    public async Task Policy_that_refuses_the_answer_is_enforced()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await StartLateAsync(observer, new LatePolicy("refuses"));

        using var response = await gateway.Client.GetAsync("/a");

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal(RejectionReason.DeadlineExceeded, (await observer.NextAsync()).Reason);
    }

    private static RejectionReason ReasonOf(string code) => code is "filter-error" ? RejectionReason.FilterError : RejectionReason.DeadlineExceeded;

    private static Task<TestHost> StartLateAsync(AwaitableObserver observer, LatePolicy policy) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton<IGatewayObserver>(observer);
            builder.AddPolicy<LatePolicy, LateFilterFactory>("Late");
        },
        map: app => app.MapGatewayRoute(Route("a")).WithGatewayPolicy(policy).AddEndpointFilter(async (context, next) =>
        {
            await (policy.Way is "abandons" ? policy.Abandoned.Task : Task.CompletedTask);
            return policy.Way is "hides" ? throw new BadHttpRequestException("secret", 413) : await next(context);
        }));

    private static Task<TestHost> StartAsync(AwaitableObserver observer) => TestHost.GatewayAsync(
        services: builder =>
        {
            builder.Services.AddSingleton<IGatewayObserver>(observer);
            builder.AddTrail();
        },
        map: app =>
        {
            app.MapGatewayRoute(Route("outside")).AddEndpointFilter((_, _) => throw new InvalidOperationException("secret")).WithGatewayPolicy(new TrailPolicy("p"));
            app.MapGatewayRoute(Route("inside")).WithGatewayPolicy(new TrailPolicy("p")).AddEndpointFilter((_, _) => throw new InvalidOperationException("secret"));
            app.MapGatewayRoute(Route("result")).AddEndpointFilter((_, _) => new ValueTask<object?>(new FailingResult(start: false)));
            app.MapGatewayRoute(Route("late")).AddEndpointFilter((_, _) => new ValueTask<object?>(new FailingResult(start: true)));
            app.MapGet("/own", string () => throw new InvalidOperationException("secret")).WithGatewayPolicy(new TrailPolicy("p"));
        });

    private sealed class FailingResult(bool start) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentLength = 1_000;
            httpContext.Response.Headers.ETag = "\"1\"";
            if (start)
            {
                await httpContext.Response.WriteAsync("begun");
                await httpContext.Response.Body.FlushAsync();
            }

            throw new InvalidOperationException("secret");
        }
    }

    private sealed record ThrowingPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Validate;

        public PolicyMode Mode { get; init; }
    }

    private sealed class ThrowingFilterFactory : GatewayFilterFactory<ThrowingPolicy>
    {
        protected override EndpointFilterDelegate Create(ThrowingPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) =>
            _ => throw new InvalidOperationException("secret");
    }

    private sealed class ThrowingObserver : IGatewayObserver
    {
        public void RequestCompleted(GatewayContext context) => throw new InvalidOperationException("secret");
    }

    /// <summary>Lets a request through and wants another answer.</summary>
    private sealed record LatePolicy(string Way) : IGatewayPolicy
    {
        public TaskCompletionSource Abandoned { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public GatewayStage Stage => GatewayStage.Validate;

        public PolicyMode Mode { get; init; }
    }

    private sealed class LateFilterFactory : GatewayFilterFactory<LatePolicy>
    {
        protected override EndpointFilterDelegate Create(LatePolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => async context =>
        {
            var rest = next(context).AsTask();
            if (policy.Way is "abandons")
            {
                ThreadPool.QueueUserWorkItem(static abandoned => ((TaskCompletionSource)abandoned!).SetResult(), policy.Abandoned);
            }
            else
            {
                await Task.WhenAny(rest);
            }

            return policy.Way switch
            {
                "throws" => throw new InvalidOperationException("secret"),
                "refuses" or "abandons" => new GatewayProblem(RejectionReason.DeadlineExceeded),
                _ => Results.Text("another"),
            };
        };
    }
}
