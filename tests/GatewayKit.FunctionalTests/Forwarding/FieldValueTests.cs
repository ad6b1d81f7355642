using System.Net;
using System.Text;
using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Names and values of fields: refused or passed on, and never lost without a word.</summary>
public sealed class FieldValueTests
{
    [Theory]
    [InlineData("A[b]")]
    [InlineData("A(b")]
    [InlineData("A\"b")]
    [InlineData("A/b")]
    [InlineData("A@b")]
    [InlineData("A{b")]
    [InlineData("A b")]
    [InlineData("A ")]
    [InlineData("\u00c4")]
    [InlineData("")]
    public async Task Name_that_is_no_token_is_refused(string name)
    {
        var (head, answer) = await RawForwarding.SendAsync($"{name}: x\r\n");
        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.Null(head);
    }

    public static TheoryData<int> ControlCharacters => [.. Enumerable.Range(0, 0x20).Append(0x7F).Where(static c => c is not '\t')];

    [Theory]
    [MemberData(nameof(ControlCharacters))]
    public async Task Value_with_a_control_character_is_refused(int character)
    {
        foreach (var name in new[] { "X-A", "Content-Type", "Cookie", "Authorization" })
        {
            var (head, answer) = await RawForwarding.SendAsync($"{name}: a{(char)character}b\r\n");
            Assert.True(answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), $"{name}: {answer}");
            Assert.Null(head);
        }
    }

    [Theory]
    [InlineData("a\tb")]
    [InlineData("!\"#$%&'()*+,-./0:;<=>?@A[\\]^_`a{|}~")]
    public async Task Other_characters_pass(string value)
    {
        var (head, _) = await RawForwarding.SendAsync($"X-A: {value}\r\n");
        Assert.Equal([value], RawForwarding.Lines(head!, "X-A"));
    }

    [Fact]
    public async Task Every_byte_passes_both_ways_in_latin1()
    {
        var value = string.Concat(Enumerable.Range(0x80, 0x80).Select(static c => (char)c));
        var (head, answer) = await RawForwarding.SendAsync(
            $"X-A: {value}\r\n", options => options.RequestHeaderEncoding = HeaderEncoding.Latin1, answer: $"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-B: {value}\r\n\r\n");
        Assert.Equal([value], Values(head!, "X-A"));
        Assert.Equal([value], Values(answer, "X-B"));
    }

    [Fact]
    public async Task Utf8_passes_both_ways_by_default_and_other_bytes_are_refused()
    {
        var value = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("Jürgen 漢 😀"));
        var (head, answer) = await RawForwarding.SendAsync($"X-A: {value}\r\n", answer: $"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-B: {value}\r\n\r\n");
        Assert.Equal([value], Values(head!, "X-A"));
        Assert.Equal([value], Values(answer, "X-B"));

        (head, answer) = await RawForwarding.SendAsync("X-A: \u00fc\r\n");
        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.Null(head);
    }

    [Fact]
    public async Task Value_that_cannot_be_encoded_is_the_gateways_own_fault()
    {
        var (head, answer) = await RawForwarding.SendAsync(
            string.Empty, options => options.RequestHeaderEncoding = HeaderEncoding.Latin1, services: services => services.AddApiGateway().AddPolicy<EuroPolicy, EuroFilterFactory>("Euro"), policies: [new EuroPolicy()]);
        Assert.Contains("\"code\":\"filter-error\"", answer);
        Assert.Null(head);
    }

    [Fact]
    public async Task Encoding_of_the_host_stays()
    {
        await using var gateway = await TestHost.GatewayAsync(
            "{}", builder => builder.Services.Configure<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>(kestrel => kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.UTF8), app =>
            app.MapGet("/", (HttpContext context) => context.Response.Headers["X-A"] = "ü"));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Contains("X-A: \u00c3\u00bc\r\n", answer);
    }

    [Fact]
    public async Task Character_that_the_server_cannot_write_never_becomes_another()
    {
        await using var gateway = await TestHost.GatewayAsync("{}", map: app => app.MapGet("/", (HttpContext context) =>
        {
            context.Response.Headers["X-A"] = "a\u560a\u560d€";
            return "body";
        }));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain("X-A", answer);
        Assert.DoesNotContain("200", answer);
    }

    [Theory]
    [InlineData("%0d%0aSet-Cookie:x")]
    [InlineData("%E5%98%8A%E5%98%8DSet-Cookie:x")]
    [InlineData("%09x")]
    public async Task Route_value_in_a_header_starts_no_line(string value)
    {
        await using var upstream = RawUpstream.Answering(RawForwarding.Ok);
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddCluster("up", upstream.Address.OriginalString),
            map: app => app.MapGatewayRoute("/{name}", cluster: "up").WithTransforms(steps => steps.RequestHeaderRouteValue("X-Name", set: "name")));
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync($"GET /{value} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain(upstream.Heads, static head => head.Contains("\nSet-Cookie", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Lines_order_and_empty_values_survive_both_ways()
    {
        var (head, answer) = await RawForwarding.SendAsync(
            "X-V: b\r\nX-V: a\r\nX-V: b\r\nX-Empty:\r\n",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-W: b\r\nX-W: a\r\nX-Empty:\r\nSet-Cookie: a=1, b\r\nSet-Cookie: c=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n");
        Assert.Equal("b, a, b", string.Join(", ", RawForwarding.Lines(head!, "X-V")));
        Assert.Equal([string.Empty], RawForwarding.Lines(head!, "X-Empty"));
        Assert.Equal(["b", "a"], RawForwarding.Lines(answer, "X-W"));
        Assert.Equal([string.Empty], RawForwarding.Lines(answer, "X-Empty"));
        Assert.Equal(["a=1, b", "c=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"], RawForwarding.Lines(answer, "Set-Cookie"));
    }

    [Fact]
    public async Task Cookie_lines_are_joined_as_one_cookie()
    {
        var (head, _) = await RawForwarding.SendAsync("Cookie: a=1; b=2\r\nCookie: c=3\r\n");
        Assert.Equal(["a=1; b=2; c=3"], RawForwarding.Lines(head!, "Cookie"));
    }

    // Without trimming: U+0085 and U+00A0 count as white space.
    private static string[] Values(string head, string name) =>
        [.. head.Split("\r\n").Where(line => line.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 2)..])];

    public sealed record EuroPolicy : IGatewayPolicy
    {
        public PolicyMode Mode { get; init; }

        GatewayStage IGatewayPolicy.Stage => GatewayStage.Protect;
    }

    public sealed class EuroFilterFactory : GatewayFilterFactory<EuroPolicy>, IForwardTransform
    {
        public void TransformRequest(ForwardRequest request) => request.SetHeader("X-Price", "1 €");

        protected override EndpointFilterDelegate Create(EuroPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => context =>
        {
            GatewayContext.From(context).AddForwardTransform(this);
            return next(context);
        };
    }
}
