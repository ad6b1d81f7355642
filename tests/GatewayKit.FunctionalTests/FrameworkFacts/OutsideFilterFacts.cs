using System.Net;
using System.Text.Encodings.Web;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Pipeline;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.FrameworkFacts;

/// <summary>What endpoint filters never see, so that only an outermost middleware can record it.</summary>
public sealed class OutsideFilterFacts
{
    // B1: 404 has no endpoint; 405 is an endpoint of the framework with nothing in its metadata.
    [Fact]
    public async Task Unknown_path_and_method_pass_no_filter()
    {
        Endpoint? endpoint = null;
        var observer = new CountingObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail();
            },
            map: app =>
            {
                app.Use((context, next) =>
                {
                    endpoint = context.GetEndpoint();
                    return next(context);
                });
                app.MapGatewayRoutes().WithGatewayPolicy(new TrailPolicy("policy"));
                app.MapGatewayRoute(Route("route") with { Match = new() { Path = "/route", Methods = ["GET"] } }).WithGatewayPolicy(new TrailPolicy("policy"));
            });

        using var unknown = await gateway.Client.GetAsync("/unknown");
        Assert.Equal((HttpStatusCode.NotFound, string.Empty), (unknown.StatusCode, Of(unknown)));
        Assert.Null(endpoint);
        using var wrong = await gateway.Client.DeleteAsync("/route");
        Assert.Equal((HttpStatusCode.MethodNotAllowed, string.Empty), (wrong.StatusCode, Of(wrong)));
        Assert.Empty(Assert.IsType<Endpoint>(endpoint).Metadata);
        Assert.Equal(0, observer.Count);
    }

    // B2: what a middleware of the host refuses ends above the endpoint.
    [Fact]
    public async Task Refusal_by_middleware_passes_no_filter()
    {
        var observer = new AwaitableObserver();
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddAuthentication("none").AddScheme<AuthenticationSchemeOptions, NobodyHandler>("none", null);
                builder.Services.AddAuthorization();
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.AddTrail();
            },
            map: app =>
            {
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapGatewayRoute(Route("route")).RequireAuthorization().WithGatewayPolicy(new TrailPolicy("policy"));
            });

        using var refused = await gateway.Client.GetAsync("/route");

        Assert.Equal((HttpStatusCode.Unauthorized, string.Empty), (refused.StatusCode, Of(refused)));
        // No filter, and seen all the same.
        Assert.Equal(401, (await observer.NextAsync()).Status);
    }

    private sealed class CountingObserver : IGatewayObserver
    {
        public int Count { get; private set; }

        public void RequestCompleted(GatewayContext context) => Count++;
    }

    private sealed class NobodyHandler(
        IOptionsMonitor<AuthenticationSchemeOptions> options,
        ILoggerFactory logger,
        UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
            Task.FromResult(AuthenticateResult.NoResult());
    }
}
