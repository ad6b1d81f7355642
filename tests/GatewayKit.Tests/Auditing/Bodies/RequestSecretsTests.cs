using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Tests.Auditing.Bodies;

/// <summary>What is looked for in bodies, and how much that may cost.</summary>
public sealed class RequestSecretsTests
{
    private readonly Head _head = new();
    private readonly DefaultHttpContext _http = new();

    public RequestSecretsTests()
    {
        _http.Features.Set<IHttpRequestFeature>(_head);
        (_head.Method, _head.RawTarget, _http.Request.ContentType, _http.Request.ContentLength) = ("POST", "/a", "application/json", 1_024);
    }

    [Fact]
    public void Head_full_of_cookies_costs_no_more_than_a_browser_has_and_the_text_is_left_out()
    {
        _http.Request.Headers.Cookie = Cookies(4_600);
        var request = Arrive("{\"a\":\"canary\"}");
        Assert.False(RequestSecrets.TryFind(request, out var secrets));
        Assert.InRange(secrets.Count, RequestSecrets.Most + 1, RequestSecrets.Most + 2);
        Assert.Equal("credentials", Written(request).GetProperty("omitted").GetString());
    }

    [Theory]
    [InlineData(RequestSecrets.Most - 1, true)]
    [InlineData(RequestSecrets.Most, false)]
    public void Credentials_are_looked_for_up_to_a_number(int cookies, bool isShown)
    {
        // The whole of the field is one too.
        _http.Request.Headers.Cookie = Cookies(cookies);
        var written = Written(Arrive("{\"a\":\"value-17\"}"));
        Assert.Equal(isShown ? "{\"a\":\"[credential]\"}" : null, written.TryGetProperty("text", out var text) ? text.GetString() : null);
    }

    [Fact]
    public void Cookie_that_is_there_many_times_is_looked_for_once()
    {
        _http.Request.Headers.Cookie = string.Join("; ", Enumerable.Range(0, 1_000).Select(static i => $"a={(i % 2 is 0 ? "s3cret-value" : "S3CRET-VALUE")}"));
        Assert.True(RequestSecrets.TryFind(Arrive("{}"), out var secrets));
        Assert.Equal(2, secrets.Count);
    }

    [Theory]
    [InlineData("?a=value-1&key=value-2", "?a=value-1", "value-2")]
    [InlineData("?a=xvalue-2x&b=value-2", "?a=xvalue-2x", "value-2")]
    [InlineData("?a=value-1&token=value-2", "?a=value-1&token=value-2", "value-2")]
    [InlineData("?a=value-1&b=value-2", "?a=value-1&b=value-2", null)]
    public void What_was_taken_out_of_the_query_is_secret_and_what_is_left_is_not(string came, string left, string? secret)
    {
        (_head.RawTarget, _head.QueryString) = ("/a" + came, left);
        Assert.True(RequestSecrets.TryFind(Arrive("{}"), out var secrets));
        Assert.Equal(secret is null ? [] : [secret], secrets);
    }

    // As after a 401: whoever was refused has had nothing of a body read, and nothing looked for in it.
    [Fact]
    public void Body_of_which_nothing_was_read_has_nothing_looked_for()
    {
        var request = Arrive(body: null);
        _head.IsClosed = true;
        Assert.Equal(0, Written(request).GetProperty("n").GetInt32());
    }

    private static string Cookies(int number) => string.Join("; ", Enumerable.Range(0, number).Select(static i => $"a=value-{i}"));

    private AuditedRequest Arrive(string? body)
    {
        var request = new AuditTrail(new(), TimeProvider.System, static () => 1).RecordOf(_http);
        var endpoint = GatewayEndpoint.Of(new RouteEndpointBuilder(static _ => Task.CompletedTask, RoutePatternFactory.Parse("/a"), 0), []);
        request.Enter(null!, new AuditedEndpoint(new() { Body = new() { Request = true } }, endpoint));
        request.Endpoint.Bodies!.WatchRequest(request, isForwarded: true);
        if (body is not null)
        {
            request.Bodies.Request!.Append(Encoding.UTF8.GetBytes(body));
            request.Bodies.Request.Ended();
        }

        return request;
    }

    private static JsonElement Written(AuditedRequest request)
    {
        var bytes = new byte[4_096];
        var text = new RecordText(bytes);
        text.TryWrite("{\"v\":1"u8);
        BodyMembers.Write(ref text, request, isSealed: true);
        text.Close((byte)'}');
        return JsonElement.Parse(bytes.AsSpan(0, text.Length)).GetProperty("bodyIn");
    }

    private sealed class Head : HttpRequestFeature, IHttpRequestFeature
    {
        public bool IsClosed { get; set; }

        IHeaderDictionary IHttpRequestFeature.Headers
        {
            get => IsClosed ? throw new InvalidOperationException("Nothing is to be looked for.") : Headers;
            set => Headers = value;
        }
    }
}
