using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>A policy that leaves its name in a response header on the way in, and refuses on request.</summary>
internal sealed record TrailPolicy(string Name) : IGatewayPolicy
{
    public GatewayStage Stage { get; init; } = GatewayStage.Limit;

    public PolicyMode Mode { get; init; }

    public int EnforcePercent { get; init; } = 100;

    public TrailPolicy? Candidate { get; init; }

    public bool Refuses { get; init; }

    /// <summary>What it overrides. Default: only itself.</summary>
    public string? SlotName { get; init; }

    object IGatewayPolicy.Slot => (typeof(TrailPolicy), SlotName ?? Name);

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };
}

internal sealed class TrailFilterFactory : GatewayFilterFactory<TrailPolicy>
{
    public int Created { get; private set; }

    protected override EndpointFilterDelegate Create(TrailPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        Created++;
        return context =>
        {
            Trail.Leave(context.HttpContext, policy.Name);
            return policy.Refuses ? new(new GatewayProblem(RejectionReason.RateLimited)) : next(context);
        };
    }
}

/// <summary>Which filters a request has passed, in a header of the response.</summary>
internal static class Trail
{
    private const string Header = "X-Trail";

    public static void Leave(HttpContext httpContext, string name) => httpContext.Response.Headers.Append(Header, name);

    public static string Of(HttpResponseMessage response) =>
        response.Headers.TryGetValues(Header, out var names) ? string.Join(' ', names) : string.Empty;

    /// <summary>Gets a path and returns the trail of the answer.</summary>
    public static async Task<string> GetTrailAsync(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return Of(response);
    }

    /// <summary>Adds a filter of the host that leaves a name.</summary>
    public static TBuilder AddTrailFilter<TBuilder>(this TBuilder builder, string name)
        where TBuilder : IEndpointConventionBuilder =>
        builder.AddEndpointFilter<TBuilder>((context, next) =>
        {
            Leave(context.HttpContext, name);
            return next(context);
        });

    /// <summary>A route that answers itself.</summary>
    public static GatewayRoute Route(string id, params IGatewayPolicy[] policies) =>
        new() { Id = id, Match = new() { Path = $"/{id}" }, Respond = new() { Body = id }, Policies = policies };

    public static GatewayBuilder AddTrail(this GatewayBuilder builder) => builder.AddPolicy<TrailPolicy, TrailFilterFactory>("Trail");
}
