using GatewayKit.Pipeline;
using GatewayKit.Routing;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Tests.Transforms;

/// <summary>One exchange in memory that transforms are applied to.</summary>
internal sealed class Exchange
{
    public Exchange(string path = "/", string query = "", string method = "GET", bool allowsEncodedSlash = false)
    {
        Message = new HttpRequestMessage(new HttpMethod(method), (Uri?)null);
        Request = new ForwardRequest(Http, Message, new(path, query), allowsEncodedSlash);
    }

    public DefaultHttpContext Http { get; } = new();

    public HttpRequestMessage Message { get; }

    public ForwardRequest Request { get; }

    public Exchange With(params (string Name, object? Value)[] routeValues)
    {
        Http.Request.RouteValues = new RouteValueDictionary(routeValues.Select(static pair => KeyValuePair.Create(pair.Name, pair.Value)));
        return this;
    }

    public Exchange Apply(Action<TransformSteps> steps)
    {
        new TransformPlan(TransformPolicy.Of(steps).Steps).TransformRequest(Request);
        return this;
    }

    public string? Header(string name) => Request.TryGetHeader(name, out var values) ? string.Join(" | ", values.ToArray()) : null;

    /// <summary>Runs the response steps on what <see cref="Http"/> holds.</summary>
    public Exchange Respond(Action<TransformSteps> steps, string? destination = null)
    {
        var pipeline = new GatewayPipeline(EndpointOf("/"), []);
        var context = new GatewayContext(Http, pipeline) { LatestAttempt = destination is null ? null : new Attempt("d", new(destination)) };
        new TransformPlan(TransformPolicy.Of(steps).Steps).ResponseStarting(context).GetAwaiter().GetResult();
        return this;
    }

    private sealed record Attempt(string DestinationId, Uri DestinationAddress) : IForwardAttempt
    {
        public long EndsAt => long.MaxValue;

        public bool MayBeProcessed => true;

        public bool HasLostBody => true;

        public string ClusterId => "c";

        public AttemptRecord Record => default;
    }

    /// <summary>An endpoint that forwards.</summary>
    public static GatewayEndpoint EndpointOf(string pattern, string routeId = "r")
    {
        var builder = new RouteEndpointBuilder(null, RoutePatternFactory.Parse(pattern), 0);
        builder.Metadata.Add(new GatewayRoute { Id = routeId, Match = new() { Path = pattern }, Cluster = "c" });
        return GatewayEndpoint.Of(builder, []);
    }
}
