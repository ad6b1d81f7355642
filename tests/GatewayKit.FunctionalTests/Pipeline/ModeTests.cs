using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using static GatewayKit.FunctionalTests.Pipeline.Trail;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>The same policy in each mode on each kind of endpoint, and what is recorded of it.</summary>
public sealed class ModeTests
{
    private static readonly string[] Kinds = ["/route", "/configured", "/handler", "/delegate", "/group/own", "/group/route", "/controller"];

    public static TheoryData<string, PolicyMode, HttpStatusCode, string, PolicyOutcome?> Cases()
    {
        var cases = new TheoryData<string, PolicyMode, HttpStatusCode, string, PolicyOutcome?>();
        foreach (var kind in Kinds)
        {
            cases.Add(kind, PolicyMode.Enforce, HttpStatusCode.TooManyRequests, "first refusing", PolicyOutcome.Refused);
            cases.Add(kind, PolicyMode.Shadow, HttpStatusCode.OK, "first refusing last", PolicyOutcome.WouldRefuse);
            cases.Add(kind, PolicyMode.Off, HttpStatusCode.OK, "first last", null);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Mode_means_the_same_on_every_kind_of_endpoint(string path, PolicyMode mode, HttpStatusCode status, string trail, PolicyOutcome? outcome)
    {
        var observer = new AwaitableObserver();
        var policies = new[]
        {
            new TrailPolicy("first"),
            new TrailPolicy("refusing") { Mode = mode, Refuses = true },
            new TrailPolicy("last"),
        };
        await using var gateway = await TestHost.GatewayAsync(
            services: builder =>
            {
                builder.Services.AddSingleton<IGatewayObserver>(observer);
                builder.Services.AddControllers().AddApplicationPart(typeof(ModeTests).Assembly);
                builder.AddTrail().AddRoutes(Route("configured", policies));
            },
            map: app =>
            {
                T With<T>(T builder) where T : IEndpointConventionBuilder =>
                    builder.WithGatewayPolicy(policies[0]).WithGatewayPolicy(policies[1]).WithGatewayPolicy(policies[2]);

                app.MapGatewayRoutes();
                With(app.MapGatewayRoute(Route("route")));
                With(app.MapGet("/handler", () => "own"));
                With(app.Map("/delegate", context => context.Response.WriteAsync("own")));
                var group = With(app.MapGroup("/group"));
                group.MapGet("/own", () => "own");
                group.MapGatewayRoute(Route("group-route") with { Match = new() { Path = "/route" } });
                With(app.MapControllers());
            });

        using var response = await gateway.Client.GetAsync(path);

        Assert.Equal((status, trail), (response.StatusCode, Of(response)));
        var completed = await observer.NextAsync();
        Assert.Equal((int)status, completed.Status);
        Assert.Equal(outcome, completed.Decisions.Where(decision => decision.Outcome is not PolicyOutcome.Allowed).Select(decision => (PolicyOutcome?)decision.Outcome).SingleOrDefault());
        Assert.Equal(mode is PolicyMode.Enforce ? RejectionReason.RateLimited : null, completed.Reason);
        Assert.All(completed.Decisions, decision => Assert.Equal("Trail", decision.Policy));
    }
}

[ApiController]
public sealed class PlainController : ControllerBase
{
    [HttpGet("/controller")]
    public string Get() => "controller";
}
