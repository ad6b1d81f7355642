using System.Reflection;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.Rollout.Splits;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Options;

namespace GatewayKit.Routing;

/// <summary>Builds the endpoint of one path of one route, in the framework's own order (A4).</summary>
internal sealed class GatewayEndpointFactory(Forwarder forwarder, SplitTerminals splits, PipelineRunner runner, RouteTemplates templates, IOptions<GatewayOptions> options)
{
    private static readonly string[] EveryPath = ["/{**path}"];
    private static readonly MethodInfo Handler = ((Func<HttpContext, Task>)(static _ => Task.CompletedTask)).Method;

    // One table for all endpoints; read at start only.
    private readonly Lazy<ServedHosts?> _servedHosts = new(() => ServedHosts.Of(options.Value.ServedHosts));

    /// <summary>The path templates of a route; one that names none takes every path.</summary>
    public static IReadOnlyList<string> PathsOf(GatewayRoute route) => route.Match switch
    {
        { Path: null, Paths.Count: 0 } => EveryPath,
        { Path: { } path, Paths.Count: 0 } => [path],
        { Path: var path, Paths: var paths } => [.. (path is null ? paths : paths.Prepend(path)).Distinct(StringComparer.Ordinal)],
    };

    public Endpoint Create(
        GatewayRoute route,
        string path,
        RouteClusters clusters,
        GatewaySnapshot snapshot,
        RouteGroupContext group,
        IReadOnlyList<GatewayRouteMapping> mappings)
    {
        var pattern = templates.Parse(path);
        if (group.Prefix.RawText is not (null or "") || !path.StartsWith('/'))
        {
            pattern = RoutePatternFactory.Combine(group.Prefix, pattern);
        }

        if (mappings.Any(static mapping => mapping.IsNamedByPattern) && pattern.RawText is { } name)
        {
            // One template in two groups is two routes: state that is kept by id must not be shared.
            route = route with { Id = name };
        }

        RequestDelegate? run = null;

        // A convention may wrap the delegate before it exists, as it may on the framework's own endpoints.
        RequestDelegate redirect = httpContext => run!(httpContext);
        var builder = new RouteEndpointBuilder(redirect, pattern, order: -route.Priority)
        {
            DisplayName = route.Id == pattern.RawText ? route.Id : $"{route.Id} ({pattern.RawText})",
            ApplicationServices = group.ApplicationServices,
        };
        builder.Metadata.Add(new RouteConditions(route, pattern, path));
        DescribeRoute(builder, route, snapshot);

        // Group first, then all routes of one Map call, then the route itself: the last word on a slot counts.
        foreach (var convention in group.Conventions)
        {
            convention(builder);
        }

        AddConfiguredPolicies(builder, route, mappings);

        // Where all policies come from configuration, the pipeline is outermost.
        PipelineFilterFactory.InsertInto(builder);
        var chain = Compose(builder, CreateTerminal(route, clusters, pattern));
        run = runner.Run(chain, builder.Metadata.Last<GatewayPipeline>()!);
        if (ReferenceEquals(builder.RequestDelegate, redirect))
        {
            builder.RequestDelegate = run;
        }

        foreach (var mapping in mappings)
        {
            mapping.Conventions.ApplyFinally(builder);
        }

        foreach (var convention in group.FinallyConventions)
        {
            convention(builder);
        }

        return builder.Build();
    }

    private static void DescribeRoute(RouteEndpointBuilder builder, GatewayRoute route, GatewaySnapshot snapshot)
    {
        builder.Metadata.Add(route);
        if (snapshot.Catalog.ProductsOf(route.Id) is { Count: > 0 } products)
        {
            builder.Metadata.Add(new RouteProducts(products));
        }

        if (route.Match.Methods.Count > 0)
        {
            builder.Metadata.Add(new HttpMethodMetadata(route.Match.Methods));
        }

        foreach (var policy in snapshot.Defaults)
        {
            builder.Metadata.Add(policy);
        }
    }

    private static void AddConfiguredPolicies(RouteEndpointBuilder builder, GatewayRoute route, IReadOnlyList<GatewayRouteMapping> mappings)
    {
        // What MapGatewayRoutes() says of all routes yields to what one route's configuration says; what MapGatewayRoute() says of
        // its one route does not.
        var isCode = mappings.Any(static mapping => mapping.IsCode);
        if (isCode)
        {
            AddPolicies();
        }

        foreach (var mapping in mappings)
        {
            mapping.Conventions.Apply(builder);
        }

        if (!isCode)
        {
            AddPolicies();
        }

        void AddPolicies()
        {
            foreach (var policy in route.Policies)
            {
                builder.Metadata.Add(policy);
            }
        }
    }

    // RouteEndpointBuilder.Build() leaves the factories alone (A2). The first added is outermost (A5).
    private static EndpointFilterDelegate Compose(RouteEndpointBuilder builder, EndpointFilterDelegate terminal)
    {
        var context = new EndpointFilterFactoryContext { MethodInfo = Handler, ApplicationServices = builder.ApplicationServices };
        var chain = terminal;
        for (var i = builder.FilterFactories.Count - 1; i >= 0; i--)
        {
            chain = builder.FilterFactories[i](context, chain);
        }

        return chain;
    }

    private EndpointFilterDelegate CreateTerminal(GatewayRoute route, RouteClusters clusters, RoutePattern pattern)
    {
        EndpointFilterDelegate terminal = route switch
        {
            { Respond: { } response } => StaticResponseTerminal.Create(response),
            { Redirect: { } redirect } => RedirectTerminal.Create(redirect, pattern),
            { Split: { } split } => splits.Create(route.Id, split, clusters.Find),
            _ when clusters.Single is { } cluster => forwarder.CreateTerminal(cluster),
            _ => static _ => new(new GatewayProblem(RejectionReason.NoHealthyUpstream)),
        };
        return _servedHosts.Value?.Guard(terminal) ?? terminal;
    }
}
