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
        await using var gateway = await StartAsync(new());

        await Assert.ThrowsAsync<HttpRequestException>(() => gateway.Client.GetStringAsync("/late"));
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

    [Fact]
    public async Task Policy_in_shadow_mode_that_refuses_the_answer_lets_it_through()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddPolicy<ThrowingPolicy, LateRefusalFilterFactory>("Late");
            },
            map: app =>
            {
                app.MapGatewayRoute(Route("shadow")).WithGatewayPolicy(new ThrowingPolicy { Mode = PolicyMode.Shadow });
                app.MapGatewayRoute(Route("enforce")).WithGatewayPolicy(new ThrowingPolicy());
            });

        Assert.Equal("shadow", await gateway.Client.GetStringAsync("/shadow"));
        Assert.Equal(PolicyOutcome.WouldRefuse, Assert.Single((await observer.NextAsync()).Decisions).Outcome);
        using var enforced = await gateway.Client.GetAsync("/enforce");
        Assert.Equal(HttpStatusCode.GatewayTimeout, enforced.StatusCode);
        Assert.Equal(RejectionReason.DeadlineExceeded, (await observer.NextAsync()).Reason);
    }

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

    private sealed class LateRefusalFilterFactory : GatewayFilterFactory<ThrowingPolicy>
    {
        protected override EndpointFilterDelegate Create(ThrowingPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => async context =>
        {
            await next(context);
            return new GatewayProblem(RejectionReason.DeadlineExceeded);
        };
    }
}
