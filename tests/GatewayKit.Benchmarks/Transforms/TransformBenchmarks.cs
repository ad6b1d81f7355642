using System.Net;
using BenchmarkDotNet.Attributes;
using GatewayKit.Pipeline;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Benchmarks.Transforms;

/// <summary>
/// The first steps of a typical list, applied to one request that is about to be sent. What is measured is the whole of what a list adds to an
/// attempt, less the same with no steps.
/// </summary>
[MemoryDiagnoser]
public class TransformBenchmarks
{
    private static readonly Action<TransformSteps>[] Typical =
    [
        static steps => steps.RequestHeader("X-Tenant", set: "blue"),
        static steps => steps.PathRemovePrefix("/orders"),
        static steps => steps.PathPrefix("/v2"),
        static steps => steps.RequestHeaderRemove("X-Debug"),
        static steps => steps.QueryValueParameter("source", set: "gateway"),
        static steps => steps.RequestHeaderRouteValue("X-Order", set: "id"),
        static steps => steps.RequestHeaderOriginalHost(),
        static steps => steps.QueryRemoveParameter("debug"),
        static steps => steps.XForwarded(ForwardedAction.Set),
        static steps => steps.PathPattern("/v2/o/{id}"),
    ];

    private readonly DefaultHttpContext _httpContext = new();
    private TransformPlan _plan = null!;

    [Params(0, 1, 5, 10)]
    public int Steps { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _httpContext.Request.RouteValues["id"] = "6f9619ff";
        _httpContext.Request.Scheme = "https";
        _httpContext.Request.Host = new("shop.example");
        _httpContext.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
        _plan = new TransformPlan(TransformPolicy.Of(steps => Array.ForEach(Typical[..Steps], add => add(steps))).Steps);
    }

    [Benchmark]
    public ForwardRequest Apply()
    {
        var message = new HttpRequestMessage();
        message.Headers.TryAddWithoutValidation("Accept", "application/json");
        message.Headers.TryAddWithoutValidation("X-Debug", "1");
        var request = new ForwardRequest(_httpContext, message, new("/orders/6f9619ff", "?page=2&debug=1"));
        _plan.TransformRequest(request);
        return request;
    }
}
