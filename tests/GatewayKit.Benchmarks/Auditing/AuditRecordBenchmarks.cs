using System.Net;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Benchmarks.Auditing;

/// <summary>What the two lines of a request cost to format, beside the framework's writer of JSON.</summary>
[MemoryDiagnoser]
public class AuditRecordBenchmarks : IDisposable
{
    private readonly JournalEntryPool _pool = new();
    private readonly Utf8JsonWriter _json = new(Stream.Null);
    private AuditTrail _trail = null!;
    private AuditedRequest _request = null!;

    [GlobalSetup]
    public void Setup()
    {
        var http = new DefaultHttpContext();
        (http.Request.Method, http.Request.Host, http.Request.Path, http.Request.Protocol) = ("GET", new HostString("api.example.com"), "/orders/4711", "HTTP/1.1");
        http.Request.Headers.UserAgent = "curl/8.14.1";
        http.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
        http.Features.Set(new GatewayConsumer("acme") { CredentialId = "k7Qm2", ApplicationId = "web" });
        var place = new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/orders/{id}"), 0);
        var endpoint = GatewayEndpoint.Of(place, []);
        _trail = new(new(), TimeProvider.System, static () => 3);
        _request = new(_trail);
        _request.Start(http, isArrival: true, TimeProvider.System.GetTimestamp());
        _request.Id = "01KB7Y3ZJ5Q2W8M4T6R9X1C7DV";
        var policy = new AuditPolicy();
        _request.Enter(new GatewayContext(http, new GatewayPipeline(endpoint, [new("Audit", policy)])) { Passed = 1 }, new AuditedEndpoint(policy, endpoint));
    }

    /// <summary>The two lines, as the gateway formats them.</summary>
    [Benchmark]
    public int BeginAndEnd()
    {
        var begin = _pool.Rent();
        AuditLines.WriteBegin(begin, _request, _trail.Now());
        var end = _pool.Rent();
        AuditLines.WriteEnd(end, _request, _trail.Now());
        var length = begin.Length + end.Length;
        begin.Return();
        end.Return();
        return length;
    }

    /// <summary>The same members by <see cref="Utf8JsonWriter"/>.</summary>
    [Benchmark(Baseline = true)]
    public int ByTheFrameworksWriter()
    {
        var (begin, end, http) = (_pool.Rent(), _pool.Rent(), _request.HttpContext);
        _json.Reset(begin);
        Common(_json, "begin"u8, _trail.Now());
        _json.WriteNumber("policyRev"u8, 3);
        _json.WriteString("src"u8, http.Connection.RemoteIpAddress!.ToString());
        var consumer = http.Features.Get<GatewayConsumer>()!;
        _json.WriteString("sub"u8, consumer.Id);
        _json.WriteString("app"u8, consumer.ApplicationId);
        _json.WriteString("keyId"u8, consumer.CredentialId);
        _json.WriteString("m"u8, http.Request.Method);
        _json.WriteString("proto"u8, http.Request.Protocol);
        _json.WriteString("host"u8, http.Request.Host.Value);
        _json.WriteString("path"u8, "/orders/{id}");
        _json.WriteString("ua"u8, http.Request.Headers.UserAgent[0]);
        _json.Flush();
        _json.Reset(end);
        Common(_json, "end"u8, _trail.Now());
        _json.WriteNumber("dur_us"u8, (long)_trail.Now().Since(_request.StartedAt).TotalMicroseconds);
        _json.WriteNumber("st"u8, http.Response.StatusCode);
        _json.WriteString("outcome"u8, "ok"u8);
        _json.Flush();
        var length = begin.Length + end.Length;
        begin.Return();
        end.Return();
        return length;
    }

    public void Dispose()
    {
        _json.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Common(Utf8JsonWriter json, ReadOnlySpan<byte> kind, in AuditTime now)
    {
        json.WriteStartObject();
        json.WriteNumber("v"u8, 1);
        json.WriteString("kind"u8, kind);
        json.WriteString("ts"u8, now.Utc);
        json.WriteNumber("mono"u8, now.Nanoseconds);
        json.WriteString("rid"u8, _request.Id);
        json.WriteString("route"u8, "orders");
    }
}
