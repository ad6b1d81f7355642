using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>What policies of the Observe stage and observers see of an answer.</summary>
public sealed class ObserverTests
{
    [Theory]
    [InlineData("/route", 200, 5)]
    [InlineData("/result", 202, 7)]
    [InlineData("/refused", 429, null)]
    public async Task Observe_stage_sees_the_true_status_and_bytes(string path, int status, int? bytes)
    {
        var seen = new TaskCompletionSource<(int Status, long Bytes)>();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddTrail().AddPolicy<CountPolicy, CountFilterFactory>("Count"),
            map: app =>
            {
                var group = app.MapGroup(string.Empty).WithGatewayPolicy(new CountPolicy(seen));
                group.MapGatewayRoute(Route("route"));
                group.MapGet("/result", () => Results.Text("results", statusCode: 202));
                group.MapGatewayRoute(Route("refused")).WithGatewayPolicy(new TrailPolicy("p") { Refuses = true });
            });

        using var response = await gateway.Client.GetAsync(path);
        var body = await response.Content.ReadAsByteArrayAsync();
        var observed = await seen.Task.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal((status, bytes ?? body.Length), ((int)response.StatusCode, body.Length));
        Assert.Equal((status, body.Length), observed);
    }

    [Theory]
    [InlineData("/text", 200)]
    [InlineData("/object", 200)]
    [InlineData("/delegate", 203)]
    public async Task Observer_is_told_of_a_host_endpoint_when_its_response_is_complete(string path, int status)
    {
        var observer = new StartedObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail();
            },
            map: app =>
            {
                var group = app.MapGroup(string.Empty).WithGatewayPolicy(new TrailPolicy("p"));
                group.MapGet("/text", () => "text");
                group.MapGet("/object", () => new { Name = "value" });
                group.Map("/delegate", context =>
                {
                    context.Response.StatusCode = 203;
                    return context.Response.WriteAsync("delegate");
                });
            });

        using var response = await gateway.Client.GetAsync(path);

        Assert.Equal((status, true), await observer.Completed.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private sealed class StartedObserver : IGatewayObserver
    {
        public TaskCompletionSource<(int Status, bool Started)> Completed { get; } = new();

        public void RequestCompleted(GatewayContext context) =>
            Completed.SetResult((context.HttpContext.Response.StatusCode, context.HttpContext.Response.HasStarted));
    }

    private sealed record CountPolicy(TaskCompletionSource<(int Status, long Bytes)> Seen) : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Observe;

        public PolicyMode Mode => PolicyMode.Enforce;
    }

    private sealed class CountFilterFactory : GatewayFilterFactory<CountPolicy>
    {
        protected override EndpointFilterDelegate Create(CountPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => async invocation =>
        {
            var response = invocation.HttpContext.Response;
            var body = response.Body;
            using var copy = new MemoryStream();
            response.Body = copy;
            var result = await next(invocation);
            await response.BodyWriter.FlushAsync();
            response.Body = body;
            await body.WriteAsync(copy.ToArray());
            policy.Seen.SetResult((response.StatusCode, copy.Length));
            return result;
        };
    }
}
