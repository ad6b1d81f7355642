using System.Net;
using System.Text;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using GatewayKit.Rollout;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Rollout;

/// <summary>What a copy says, and which requests have one.</summary>
public sealed class MirrorTests
{
    private const string Requests = "gatewaykit.mirror.requests";

    private static readonly MirrorPolicy All = new() { Cluster = "mirror", Percent = 100 };

    [Fact]
    public async Task Copy_is_what_goes_to_the_destination_below_the_address_of_the_mirror()
    {
        await using var gateway = await MirrorGateway.StartAsync(
            All, transforms: new TransformPolicy { Steps = [new PathPatternTransform { PathPattern = "/new/{**rest}" }, new RequestHeaderTransform { RequestHeader = "X-Added", Set = "by the gateway" }] });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/a%20b/c?q=1&r=%2F") { Headers = { { "X-Own", ["one", "two"] }, { "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } } };
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal("main", await response.Content.ReadAsStringAsync());

        var copy = await gateway.NextCopyAsync();
        Assert.Equal(("GET", "/copy/new/a%20b/c?q=1&r=%2F"), (copy.Method, copy.Target));
        Assert.Equal("by the gateway", copy.Headers["X-Added"]);
        Assert.Equal("one, two", copy.Headers["X-Own"]);
        Assert.Equal("1", copy.Headers["X-Mirrored"]);
        Assert.Equal("127.0.0.1", copy.Headers["X-Forwarded-For"]);
        Assert.Equal(gateway.Mirror.Address.Authority, copy.Headers["Host"]);
        Assert.Contains("gatewaykit", copy.Headers["Via"], StringComparison.Ordinal);

        // The same trace, another span.
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", copy.Headers["traceparent"], StringComparison.Ordinal);
        Assert.DoesNotContain("b7ad6b7169203331", copy.Headers["traceparent"], StringComparison.Ordinal);
        Assert.Equal("answered", await gateway.Metrics.NextAsync(Requests));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Credentials_go_along_only_if_allowed(bool keep)
    {
        await using var gateway = await MirrorGateway.StartAsync(All with { KeepCredentials = keep, RemoveHeaders = ["X-Secret"] });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/")
        {
            Headers = { { "Authorization", "Bearer a" }, { "Cookie", "session=1" }, { "X-Api-Key", "key" }, { "X-Auth-Token", "t" }, { "X-Secret", "s" }, { "X-Other", "o" } },
        };
        using var response = await gateway.Client.SendAsync(request);
        var copy = await gateway.NextCopyAsync();
        foreach (var name in (string[])["Authorization", "Cookie", "X-Api-Key", "X-Auth-Token"])
        {
            Assert.Equal(keep, copy.Headers.ContainsKey(name));
        }

        Assert.False(copy.Headers.ContainsKey("X-Secret"));
        Assert.Equal("o", copy.Headers["X-Other"]);
    }

    [Theory]
    [InlineData(null, "-shadow", "127.0.0.1-shadow:{port}")]
    [InlineData("api.example.com", null, "api.example.com")]
    [InlineData("api.example.com:81", "-shadow", "api.example.com-shadow:81")]
    public async Task Host_of_copies_can_be_another(string? host, string? suffix, string expected)
    {
        await using var gateway = await MirrorGateway.StartAsync(All with { Host = host, HostSuffix = suffix });
        using var response = await gateway.Client.GetAsync("/");
        var copy = await gateway.NextCopyAsync();
        Assert.Equal(expected.Replace("{port}", gateway.Mirror.Address.Port.ToString(), StringComparison.Ordinal), copy.Headers["Host"]);
    }

    [Theory]
    [InlineData("POST", 0, "skipped body")]
    [InlineData("POST", 1_000, "answered")]
    [InlineData("POST", 999, "skipped body-too-large")]
    [InlineData("PUT", 65_536, null)]
    public async Task Bodies_are_copied_only_if_asked_for_and_up_to_a_size(string method, int most, string? outcome)
    {
        foreach (var chunked in (bool[])[false, true])
        {
            await using var gateway = await MirrorGateway.StartAsync(
                All with { Methods = ["GET", "POST"], MaxBodyBytes = most },
                main: static context => context.Request.Body.CopyToAsync(context.Response.Body));
            var body = Encoding.ASCII.GetBytes(new string('x', 1_000));
            using var request = new HttpRequestMessage(new(method), "/") { Content = new ByteArrayContent(body) { Headers = { { "Content-Type", "text/x" } } } };
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await gateway.Client.SendAsync(request);
            Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
            if (outcome is null)
            {
                // Not one of the methods: nothing was chosen. The next request is what the mirror sees.
                using var next = await gateway.Client.GetAsync("/next");
                Assert.Equal("/copy/next", (await gateway.NextCopyAsync()).Target);
                continue;
            }

            Assert.Equal(outcome, await gateway.Metrics.NextAsync(Requests));
            if (outcome == "answered")
            {
                var copy = await gateway.NextCopyAsync();
                Assert.Equal(body, copy.Body);
                Assert.Equal("text/x", copy.Headers["Content-Type"]);
            }

            Assert.False(gateway.HasCopy);
        }
    }

    [Fact]
    public async Task Large_body_of_the_request_itself_arrives_whole_when_it_is_too_large_for_a_copy()
    {
        await using var gateway = await MirrorGateway.StartAsync(
            All with { Methods = ["POST"], MaxBodyBytes = 65_536 },
            main: static context => context.Request.Body.CopyToAsync(context.Response.Body));
        var body = new byte[5_000_000];
        new Random(1).NextBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("skipped body-too-large", await gateway.Metrics.NextAsync(Requests));
    }

    [Fact]
    public async Task Websocket_has_no_copy()
    {
        await using var gateway = await MirrorGateway.StartAsync(All);
        using var connection = await RawConnection.ConnectAsync(gateway.Gateway.Address);
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        await connection.ReadHeadAsync();
        Assert.Equal("skipped stream", await gateway.Metrics.NextAsync(Requests));
    }

    [Fact]
    public async Task At_zero_percent_nothing_is_in_the_way_and_in_shadow_mode_nothing_is_sent()
    {
        await using var off = await MirrorGateway.StartAsync(All with { Percent = 0 });
        Assert.Equal("main", await off.Client.GetStringAsync("/"));
        await using var shadow = await MirrorGateway.StartAsync(All with { Mode = PolicyMode.Shadow });
        Assert.Equal("main", await shadow.Client.GetStringAsync("/"));
        Assert.Equal("would-send", await shadow.Metrics.NextAsync(Requests));
        Assert.False(off.HasCopy || shadow.HasCopy);
    }

    [Fact]
    public async Task Keys_are_chosen_and_not_requests_if_asked_for()
    {
        await using var gateway = await MirrorGateway.StartAsync(All with { Percent = 50, Key = RolloutKey.Header("X-Tenant") });
        for (var tenant = 0; tenant < 20; tenant++)
        {
            for (var i = 0; i < 4; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/{tenant}") { Headers = { { "X-Tenant", $"tenant-{tenant}" } } };
                using var response = await gateway.Client.SendAsync(request);
            }
        }

        // Each tenant has four copies or none; that all or none of twenty have some is one in half a million.
        var first = await gateway.NextCopyAsync();
        var copies = new List<string> { first.Target };
        while (gateway.Metrics.Sum($"{Requests} answered") > copies.Count || gateway.HasCopy || gateway.Metrics.Sum("gatewaykit.mirror.active") > 0)
        {
            if (gateway.HasCopy)
            {
                copies.Add((await gateway.NextCopyAsync()).Target);
            }
            else
            {
                await Task.Yield();
            }
        }

        var counts = copies.CountBy(static target => target).ToArray();
        Assert.All(counts, static count => Assert.Equal(4, count.Value));
        Assert.InRange(counts.Length, 1, 19);
    }

    [Fact]
    public async Task Mirror_to_an_unknown_cluster_is_an_error_at_start_also_on_an_endpoint_of_the_host()
    {
        var route = await Assert.ThrowsAsync<GatewayKit.Configuration.GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Clusters": { "main": {} }, "Routes": { "r": { "Match": {}, "Cluster": "main", "Mirror": { "Cluster": "mian", "Percent": 1 } } } }"""));
        Assert.Contains("Gateway:Routes:r:Mirror:Cluster: There is no cluster 'mian'. Did you mean 'main'?", route.Message, StringComparison.Ordinal);
        var endpoint = await Assert.ThrowsAsync<GatewayKit.Configuration.GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Clusters": { "main": {} } }""", map: static app => Microsoft.AspNetCore.Builder.RolloutEndpointConventionBuilderExtensions.WithMirror(
                Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(app, "/x", static () => "x"), "mian", percent: 1)));
        Assert.Contains("There is no cluster 'mian'. Did you mean 'main'?", endpoint.Message, StringComparison.Ordinal);
        var same = await Assert.ThrowsAsync<GatewayKit.Configuration.GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Clusters": { "main": {} }, "Routes": { "r": { "Match": {}, "Cluster": "main", "Mirror": { "Cluster": "Main", "Percent": 1 } } } }"""));
        Assert.Contains("The mirror goes to 'Main', where the route leads anyway", same.Message, StringComparison.Ordinal);
    }
}
