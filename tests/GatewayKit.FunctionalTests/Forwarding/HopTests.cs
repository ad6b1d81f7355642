using System.Diagnostics.Metrics;
using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Shared;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What belongs to one hop stays on it, and what counts hops is kept.</summary>
public sealed class HopTests
{
    private static readonly string[] HopByHop =
    [
        "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info", "TE", "Trailer", "Upgrade", "HTTP2-Settings",
    ];

    public static TheoryData<string> HopByHopNames => [.. HopByHop];

    [Theory]
    [MemberData(nameof(HopByHopNames))]
    public async Task Hop_by_hop_field_passes_neither_way_and_no_allow_list_brings_it_back(string name)
    {
        TransformPolicy allowing = TransformPolicy.Of(steps => steps.RequestHeadersAllowed(name, "Connection", "X-Kept").ResponseHeadersAllowed(name, "Connection", "X-Kept"));
        foreach (var policies in new[] { [], new[] { allowing } })
        {
            var (head, answer) = await RawForwarding.SendAsync(
                $"{name}: canary\r\nX-Kept: 1\r\n", policies: policies, answer: $"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{name}: canary\r\nX-Kept: 1\r\n\r\n");
            Assert.DoesNotContain("canary", head);
            Assert.DoesNotContain("canary", answer);
            Assert.Equal(["1"], RawForwarding.Lines(head!, "X-Kept"));
            Assert.Equal(["1"], RawForwarding.Lines(answer, "X-Kept"));
        }
    }

    [Fact]
    public async Task End_of_the_clients_connection_says_nothing_about_the_destinations()
    {
        await using var upstream = RawUpstream.Answering(RawForwarding.Ok);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address);
        for (var i = 0; i < 3; i++)
        {
            using var client = await RawConnection.ConnectAsync(gateway.Address);
            Assert.StartsWith("HTTP/1.1 200", await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        }

        Assert.Equal(1, upstream.Connections);
        Assert.All(upstream.Heads, static head => Assert.DoesNotContain("Connection:", head));
    }

    [Theory]
    [InlineData("trailers", "close", true)]
    [InlineData("trailers", "TE, close", true)]
    [InlineData("deflate", "close, te", false)]
    [InlineData("deflate, Trailers", "close", true)]
    [InlineData("deflate", "close", false)]
    [InlineData("xtrailers", "close", false)]
    [InlineData("trailers;q=0.5", "close", false)]
    public async Task Te_passes_only_as_trailers_and_only_to_http2(string value, string connection, bool passes)
    {
        string? seen = null;
        await using var upstream = await Upstream.StartAsync(
            context =>
            {
                seen = context.Request.Headers.TE.ToString();
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address, static cluster => cluster with { Http = new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact } });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        Assert.StartsWith("HTTP/1.1 200", await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: a\r\nTE: {value}\r\nConnection: {connection}\r\n\r\n"));
        Assert.Equal(passes ? "trailers" : string.Empty, seen);

        var (head, _) = await RawForwarding.SendAsync($"TE: {value}\r\n");
        Assert.Empty(RawForwarding.Lines(head!, "TE"));
    }

    [Theory]
    [InlineData("OPTIONS", "0", null)]
    [InlineData("OPTIONS", "1", "0")]
    [InlineData("OPTIONS", "10", "9")]
    [InlineData("OPTIONS", "007", "6")]
    [InlineData("OPTIONS", "99999999999999999999", "99999999999999999999")]
    [InlineData("OPTIONS", "-1", "-1")]
    [InlineData("OPTIONS", "x", "x")]
    [InlineData("GET", "0", "0")]
    [InlineData("GET", "5", "5")]
    public async Task Max_forwards_is_counted_down_for_options(string method, string sent, string? told)
    {
        var (head, answer) = await RawForwarding.SendAsync($"Max-Forwards: {sent}\r\n", method: method, policies: [TransformPolicy.Of(static steps => steps.RequestHeadersCopy(false))]);
        if (told is null)
        {
            Assert.StartsWith("HTTP/1.1 204", answer);
            Assert.Contains("\r\nAllow: ", answer);
            Assert.Null(head);
        }
        else
        {
            Assert.Equal([told], RawForwarding.Lines(head!, "Max-Forwards"));
        }
    }

    [Theory]
    [InlineData("CDN-Loop", "gatewaykit", 9, 508)]
    [InlineData("CDN-Loop", "GatewayKit; v=1", 9, 508)]
    [InlineData("CDN-Loop", "gatewaykit", 8, 200)]
    [InlineData("CDN-Loop", "other", 20, 200)]
    [InlineData("Via", "1.1 gatewaykit (x)", 9, 508)]
    [InlineData("Via", "2.0 gatewaykit", 8, 200)]
    [InlineData("Via", "1.1 other", 20, 200)]
    public async Task Circle_is_found_in_via_and_cdn_loop(string name, string entry, int times, int status)
    {
        foreach (var separator in new[] { ", ", $"\r\n{name}: " })
        {
            var (head, answer) = await RawForwarding.SendAsync($"{name}: {string.Join(separator, Enumerable.Repeat(entry, times))}\r\n");
            Assert.StartsWith($"HTTP/1.1 {status}", answer);
            Assert.Equal(status == 200, head is not null);
        }
    }

    [Fact]
    public async Task Cdn_loop_is_kept_whatever_is_copied()
    {
        var (head, _) = await RawForwarding.SendAsync("CDN-Loop: other; x=\"y\"\r\nX-A: 1\r\n", policies: [TransformPolicy.Of(static steps => steps.RequestHeadersCopy(false))]);
        Assert.Equal(["other; x=\"y\""], RawForwarding.Lines(head!, "CDN-Loop"));
        Assert.DoesNotContain("X-A", head);
    }

    [Fact]
    public async Task Trailers_that_could_change_the_answer_are_dropped()
    {
        string[] forbidden =
        [
            "Content-Length", "Transfer-Encoding", "Host", "Trailer", "TE", "Set-Cookie", "Authorization", "WWW-Authenticate", "Proxy-Authenticate", "Cache-Control", "Expires", "Age", "Vary", "Date",
            "Location", "Retry-After", "Content-Type", "Content-Encoding", "Content-Range", "X-Forwarded-For", "Max-Forwards", "Warning", "Pragma",
            "RateLimit", "RateLimit-Policy", "X-RateLimit-Remaining",
        ];
        await using var upstream = RawUpstream.Answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n" + string.Concat(forbidden.Select(static name => $"{name}: canary\r\n")) + "X-Checksum: abc\r\nServer-Timing: x\r\n\r\n");
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, protocols: HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await gateway.Client.SendAsync(request);
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync());
        Assert.Equal(["server-timing", "x-checksum"], answer.TrailingHeaders.Select(static trailer => trailer.Key.ToLowerInvariant()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_dropped_is_counted_and_logged_by_name_and_never_by_value()
    {
        var counted = new List<(string? Field, string? Cause)>();
        using var log = new LogRecorder();
        await using var upstream = RawUpstream.Answering(RawForwarding.Ok);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, services: builder =>
        {
            builder.Services.Configure<GatewayOptions>(static options =>
            {
                options.HeaderAliases = GatewayKit.Pipeline.HeaderAliasAction.Drop;
                options.TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")];
            });
            builder.Services.AddLogging(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug));
        });
        var factory = gateway.App.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "gatewaykit.forward.fields.dropped" && instrument.Meter.Scope == factory)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            var values = tags.ToArray().ToDictionary(static tag => tag.Key, static tag => tag.Value as string);
            lock (counted)
            {
                counted.Add((values["gatewaykit.field"], values["gatewaykit.cause"]));
            }
        });
        listener.Start();
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: secret\r\nX-GW-Anything: secret\r\nConnection: X-Mine\r\nX-Mine: secret\r\nX_Forwarded_For: secret\r\nX-Forwarded-For: not, an, address!\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", await client.ReadAnswerAsync());
        (string?, string?)[] expected = [("other", "alias"), ("other", "nominated"), ("other", "protected"), ("x-forwarded-for", "invalid"), ("x-forwarded-for", "protected"), ("x-real-ip", "protected")];
        lock (counted)
        {
            Assert.Equal(expected, counted.Order().Select(static pair => (pair.Field, pair.Cause)));
        }

        var lines = log.Take(1302).Select(static entry => entry.Message).ToArray();
        Assert.Equal(6, lines.Length);
        Assert.Contains(lines, static line => line.Contains("X-Mine", StringComparison.Ordinal) && line.Contains("nominated", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, static line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, "gatewaykit; error=connection_refused")]
    [InlineData(false, null)]
    public async Task Proxy_status_tells_of_a_failure_where_it_is_asked_for(bool send, string? expected)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort.Next()}");
        await using var gateway = await Upstream.GatewayToAsync(address, services: builder => builder.Services.Configure<GatewayOptions>(options => options.SendProxyStatus = send));
        using var answer = await gateway.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(expected, answer.Headers.TryGetValues("Proxy-Status", out var values) ? string.Join(" | ", values) : null);
    }

    [Fact]
    public async Task Date_of_the_destination_is_kept_and_another_added_where_it_has_none()
    {
        var (_, answer) = await RawForwarding.SendAsync(string.Empty, answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n");
        Assert.Equal(["Wed, 21 Oct 2015 07:28:00 GMT"], RawForwarding.Lines(answer, "Date"));
        (_, answer) = await RawForwarding.SendAsync(string.Empty);
        Assert.Single(RawForwarding.Lines(answer, "Date"));
    }

    [Fact]
    public async Task Field_that_the_host_and_the_destination_set_is_there_once()
    {
        await using var upstream = RawUpstream.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nStrict-Transport-Security: max-age=2\r\n\r\n");
        await using var gateway = await TestHost.GatewayAsync(services: builder => builder.AddCluster("up", upstream.Address.OriginalString), map: app =>
        {
            app.Use((context, next) =>
            {
                context.Response.Headers.StrictTransportSecurity = "max-age=1";
                return next(context);
            });
            app.MapGatewayRoute("/", cluster: "up");
        });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        Assert.Equal(["max-age=2"], RawForwarding.Lines(answer, "Strict-Transport-Security"));
    }
}
