using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What a destination sees of a request, byte for byte.</summary>
public sealed class RequestHeadTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Own_fields_replace_what_the_client_claims()
    {
        var (head, answer) = await SendAsync("GET /a HTTP/1.1\r\nHost: shop.example\r\nX-Forwarded-For: 6.6.6.6\r\nx-forwarded-proto: https\r\n"
            + "Forwarded: for=6.6.6.6\r\nX-Forwarded-Port: 99\r\nX-Forwarded-Anything: 1\r\nX-Real-IP: 6.6.6.6\r\nClient-Cert: :AA==:\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK", answer);
        Assert.Contains("\r\nX-Forwarded-For: 127.0.0.1\r\n", head);
        Assert.Contains("\r\nX-Forwarded-Proto: http\r\n", head);
        Assert.Contains("\r\nX-Forwarded-Host: shop.example\r\n", head);
        Assert.DoesNotContain("6.6.6.6", head);
        Assert.DoesNotContain("X-Forwarded-Port", head);
        Assert.DoesNotContain("X-Forwarded-Anything", head);
        Assert.DoesNotContain("Client-Cert", head);
        Assert.DoesNotContain("Forwarded:", head);
    }

    [Fact]
    public async Task Small_request_becomes_a_small_request()
    {
        var (head, _) = await SendAsync("GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n");
        var names = head!.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static line => line[..line.IndexOf(':')]).Order(StringComparer.Ordinal);
        Assert.Equal(["Host", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "traceparent"], names);
    }

    [Fact]
    public async Task Host_is_the_destinations_own()
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
        Assert.Contains($"\r\nHost: {upstream.Address.Authority}\r\n", upstream.Heads.Single());
    }

    [Fact]
    public async Task Host_is_the_clients_where_the_cluster_says_so()
    {
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n", cluster => cluster with { HostHeader = GatewayKit.Clusters.HostHeader.Original });
        Assert.Contains("\r\nHost: shop.example\r\n", head);
    }

    [Theory]
    [InlineData("[::1]:8080")]
    [InlineData("a_b")]
    [InlineData("shop.example:99")]
    public async Task Original_host_passes_in_every_form(string host)
    {
        var (head, _) = await SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", cluster => cluster with { HostHeader = GatewayKit.Clusters.HostHeader.Original });
        Assert.Contains($"\r\nHost: {host}\r\n", head);
    }

    [Theory]
    [InlineData("a(b")]
    [InlineData("a!b")]
    [InlineData("..")]
    public async Task Original_host_that_cannot_be_sent_is_the_clients_fault(string host)
    {
        var (head, answer) = await SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", cluster => cluster with { HostHeader = GatewayKit.Clusters.HostHeader.Original });
        Assert.DoesNotMatch("^HTTP/1.1 5", answer);
        Assert.True(head is null || head.Contains($"\r\nHost: {host}\r\n", StringComparison.Ordinal), head);
    }

    [Fact]
    public async Task Via_is_appended_to_the_clients()
    {
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 fred\r\nConnection: close\r\n\r\n");
        Assert.Matches("(?s)\r\nVia: 1.0 fred(, |\r\nVia: )1.1 gatewaykit\r\n", head);
    }

    [Fact]
    public async Task Request_in_a_circle_ends()
    {
        var via = string.Join(", ", Enumerable.Repeat("1.1 gatewaykit", 9));
        var (head, answer) = await SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nVia: {via}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 508", answer);
        Assert.Null(head);
    }

    [Fact]
    public async Task Gateway_that_points_at_itself_ends_the_circle()
    {
        var (source, passes) = (new MemoryRouteSource(), 0);
        await using var gateway = await TestHost.GatewayAsync(
            services: builder => builder.AddSource(source),
            map: app =>
            {
                app.Use((context, next) =>
                {
                    Interlocked.Increment(ref passes);
                    return next(context);
                });
                app.MapGatewayRoutes();
            });
        source.Set = new()
        {
            Clusters = [new() { Id = "self", Destinations = new Dictionary<string, GatewayKit.Clusters.Destination> { ["a"] = new() { Address = gateway.Address } } }],
            Routes = [new() { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "self" }],
        };
        await gateway.ReloadAsync();
        using var answer = await gateway.Client.GetAsync("/").WaitAsync(RawConnection.Limit);
        Assert.Equal(508, (int)answer.StatusCode);
        Assert.Equal(10, passes);
    }

    [Fact]
    public async Task Hop_by_hop_fields_are_dropped()
    {
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nProxy-Authorization: Basic x\r\n"
            + "TE: trailers, deflate\r\nTrailer: X-T\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nConnection: close, Upgrade, HTTP2-Settings, X-Secret\r\nX-Secret: 1\r\nX-Kept: 1\r\n\r\n");
        Assert.DoesNotMatch("(?mi)^(keep-alive|proxy-|te|trailer|upgrade|http2-settings|connection|x-secret)", head!);
        Assert.Contains("\r\nX-Kept: 1\r\n", head);
    }

    [Fact]
    public async Task Nominated_headers_are_removed_before_ours_are_added()
    {
        var (head, answer) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: X-A\r\nCoNnEcTiOn: x-b\r\nX-A: 1\r\nX-B: 2\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.DoesNotContain("X-A", head);
        Assert.DoesNotContain("X-B", head);
        Assert.Contains("X-Forwarded-For: 127.0.0.1", head);
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("Authorization")]
    [InlineData("Cookie")]
    [InlineData("Content-Type")]
    [InlineData("Content-Anything")]
    [InlineData("Transfer-Encoding")]
    [InlineData("x-forwarded-for")]
    [InlineData("X-Forwarded-New")]
    [InlineData("Forwarded")]
    [InlineData("Via")]
    public async Task Nominating_a_protected_field_is_refused(string name)
    {
        var (head, answer) = await SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: {name}\r\nCookie: a=b\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.Contains("\"code\":\"hop-by-hop-abuse\"", answer);
        Assert.Null(head);
    }

    [Theory]
    [InlineData("X_Forwarded_For")]
    [InlineData("x_forwarded-for")]
    [InlineData("Content_Length")]
    [InlineData("X.Real.IP")]
    [InlineData("Transfer_Encoding")]
    public async Task Folded_spelling_of_a_protected_field_is_refused(string name)
    {
        var (head, answer) = await SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{name}: 1\r\n\r\n");
        Assert.Contains("\"code\":\"header-name\"", answer);
        Assert.Null(head);
    }

    [Fact]
    public async Task Underscore_in_a_harmless_name_passes()
    {
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nmy_header: 1\r\n\r\n");
        Assert.Contains("\r\nmy_header: 1\r\n", head);
    }

    [Fact]
    public async Task Values_keep_their_order_and_their_lines()
    {
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-V: b\r\nX-V: a\r\nX-Empty:\r\nX-L: 1,2\r\n\r\n");
        Assert.Matches("(?s)\r\nX-V: b(, |\r\nX-V: )a\r\n", head);
        Assert.Matches("\r\nX-Empty: ?\r\n", head);
        Assert.Contains("\r\nX-L: 1,2\r\n", head);
    }

    [Fact]
    public async Task Utf8_value_arrives_as_the_same_bytes()
    {
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Name: J\u00c3\u00bcrgen\r\n\r\n");
        Assert.Contains("X-Name: J\u00c3\u00bcrgen\r\n", head);
    }

    [Fact]
    public async Task Content_fields_of_a_request_without_body_survive()
    {
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: text/x\r\nLast-Modified: x\r\n\r\n");
        Assert.Contains("\r\nContent-Type: text/x\r\n", head);
        Assert.Contains("\r\nLast-Modified: x\r\n", head);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    public async Task Get_without_body_is_forwarded_without_framing(string method)
    {
        var (head, _) = await SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"{method} / HTTP/1.1\r\n", head);
        Assert.DoesNotMatch("(?mi)^(content-length|transfer-encoding)", head!);
    }

    [Theory]
    [InlineData("QUERY", "QUERY")]
    [InlineData("PROPFIND", "PROPFIND")]
    public async Task Other_methods_pass_as_they_are(string method, string seen)
    {
        var (head, _) = await SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"{seen} / HTTP/1.1\r\n", head);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("TRACE")]
    [InlineData("TRACK")]
    [InlineData("Post")]
    public async Task Method_that_is_not_forwarded_is_refused(string method)
    {
        var (head, answer) = await SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 405", answer);
        Assert.Null(head);
    }

    [Fact]
    public async Task Expect_is_not_forwarded()
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Assert.Contains("200 OK", await client.ReadToEndAsync());
        Assert.DoesNotContain("Expect", upstream.Heads.Single());
    }

    [Fact]
    public async Task Other_expectations_are_refused()
    {
        var (head, answer) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 417", answer);
        Assert.Null(head);
    }

    [Fact]
    public async Task Trace_headers_arrive_once()
    {
        using var listener = new System.Diagnostics.ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Microsoft.AspNetCore" or "GatewayKit",
            Sample = static (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => System.Diagnostics.ActivitySamplingResult.AllDataAndRecorded,
        };
        System.Diagnostics.ActivitySource.AddActivityListener(listener);
        var (head, _) = await SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=b\r\n\r\n");
        var lines = head!.Split("\r\n").Where(static line => line.StartsWith("traceparent", StringComparison.OrdinalIgnoreCase)).ToArray();
        Assert.Matches("traceparent: 00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01", Assert.Single(lines));
        Assert.Single(head.Split("\r\n"), static line => line.StartsWith("tracestate", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<(string? Head, string Answer)> SendAsync(string request, Func<GatewayKit.Clusters.Cluster, GatewayKit.Clusters.Cluster>? change = null)
    {
        await using var upstream = RawUpstream.Answering(Ok);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, change);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync(request);
        var answer = request.Contains("Connection: close\r\n") ? await client.ReadToEndAsync() : await client.ReadAnswerAsync();
        return (upstream.Heads.SingleOrDefault(), answer);
    }
}
