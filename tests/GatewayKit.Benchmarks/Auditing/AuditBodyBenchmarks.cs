using System.Net;
using System.Text;
using BenchmarkDotNet.Attributes;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Journal;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Benchmarks.Auditing;

/// <summary>What the bodies of a request and its answer add to the end of its record: copied, masked, searched and written, of JSON of 1 KiB each.</summary>
[MemoryDiagnoser]
public class AuditBodyBenchmarks : IDisposable
{
    private readonly JournalEntryPool _pool = new();
    private readonly byte[] _body = Encoding.UTF8.GetBytes($"{{\"id\":4711,\"card\":{{\"number\":\"4111111111111111\",\"name\":\"A. Schmidt\"}},\"lines\":[{string.Join(',', Enumerable.Repeat("{\"sku\":\"AB-1234\",\"count\":2,\"price\":19.95}", 22))}]}}");
    private AuditTrail _trail = null!;
    private AuditedRequest _request = null!;

    /// <summary>Which bodies are recorded.</summary>
    [Params("none", "both")]
    public string Bodies { get; set; } = "none";

    [GlobalSetup]
    public void Setup()
    {
        var http = new DefaultHttpContext();
        (http.Request.Method, http.Request.Host, http.Request.Path, http.Request.Protocol, http.Request.ContentType) = ("POST", new HostString("api.example.com"), "/orders", "HTTP/1.1", "application/json");
        http.Request.Headers["X-Api-Key"] = "gk_live_4gKb09Zx_aVeryLongSecretOfTheClientThatCalls_0a1b2c";
        http.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
        var endpoint = GatewayEndpoint.Of(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/orders"), 0), []);
        _trail = new(new(), TimeProvider.System, static () => 3);
        _request = new(_trail);
        _request.Start(http, isArrival: true, TimeProvider.System.GetTimestamp());
        _request.Id = "01KB7Y3ZJ5Q2W8M4T6R9X1C7DV";
        var policy = new AuditPolicy { Body = Bodies is "none" ? null : new() { Request = true, Response = true, Masks = ["$.card.number", "$..password"], AllowUnencrypted = true } };
        _request.Enter(new GatewayContext(http, new GatewayPipeline(endpoint, [new("Audit", policy)])) { Passed = 1 }, new AuditedEndpoint(policy, endpoint));
    }

    /// <summary>The end of a record.</summary>
    [Benchmark]
    public int End()
    {
        if (_request.Endpoint.Bodies is { } bodies)
        {
            _request.Bodies.Request = Pass(new BodyCapture(bodies) { Announced = _body.Length });
            _request.Bodies.Response = Pass(new BodyCapture(bodies));
        }

        var end = _pool.Rent();
        AuditLines.WriteEnd(end, _request, _trail.Now());
        var length = end.Length;
        end.Return();
        _request.Bodies.Close();
        return length;
    }

    public void Dispose()
    {
        _trail.Dispose();
        GC.SuppressFinalize(this);
    }

    private BodyCapture Pass(BodyCapture capture)
    {
        capture.Look("application/json", default);
        capture.Append(_body);
        return capture;
    }
}
