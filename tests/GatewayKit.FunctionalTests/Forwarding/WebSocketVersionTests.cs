using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Polly;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Which version of HTTP a WebSocket is asked for in, on either side, and what is done when it is not to be had.</summary>
public sealed class WebSocketVersionTests : IDisposable
{
    private readonly X509Certificate2 _certificate = Certificate();
    private readonly string _authority = Path.GetTempFileName();

    public WebSocketVersionTests() => File.WriteAllText(_authority, _certificate.ExportCertificatePem());

    public static TheoryData<int, int, bool> Legs() => new(
        from client in new[] { 1, 2 }
        from destination in new[] { 1, 2 }
        from secured in new[] { false, true }
        select (client, destination, secured));

    public void Dispose()
    {
        File.Delete(_authority);
        _certificate.Dispose();
    }

    [Theory]
    [MemberData(nameof(Legs))]
    public async Task Handshake_crosses_with_its_key_or_without_and_with_all_else(int client, int destination, bool secured)
    {
        await using var upstream = await EchoAsync(ProtocolOf(destination), secured);
        await using var gateway = await GatewayAsync(upstream, secured, ProtocolOf(client), new() { WebSocketVersion = VersionOf(destination), WebSocketVersionPolicy = HttpVersionPolicy.RequestVersionExact });
        using var socket = await ConnectAsync(gateway, client, secured);
        Assert.Equal("two", socket.SubProtocol);

        // An HTTP/2 client sends a key though it should not: it goes no further.
        Assert.Equal(destination == 1 ? "GET 1 key" : "CONNECT 0 keys", socket.HttpResponseHeaders!["X-Seen"].Single());
        Assert.Equal("permessage-deflate", socket.HttpResponseHeaders["X-Extensions"].Single().Split(';')[0]);

        // Over HTTP/2 more than the body of a request may be.
        var (sent, buffer) = (new byte[1 << 20], new byte[1 << 20]);
        Random.Shared.NextBytes(sent);
        for (var i = 0; i < (client == 2 ? 31 : 2); i++)
        {
            await socket.SendAsync(sent, WebSocketMessageType.Binary, endOfMessage: true, Limit());
            for (var at = 0; at < sent.Length;)
            {
                at += (await socket.ReceiveAsync(buffer.AsMemory(at), Limit())).Count;
            }

            Assert.True(sent.AsSpan().SequenceEqual(buffer));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Limit());
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Default_is_http1_whatever_the_cluster_speaks_else(int client)
    {
        await using var upstream = await EchoAsync(HttpProtocols.Http1AndHttp2, secured: true);
        await using var gateway = await GatewayAsync(upstream, secured: true, ProtocolOf(client), new() { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact });
        using var socket = await ConnectAsync(gateway, client, secured: true);
        Assert.Equal("GET 1 key", socket.HttpResponseHeaders!["X-Seen"].Single());
    }

    /// <summary>The negotiation of TLS fails; without TLS, the server asks for HTTP/1.1.</summary>
    [Theory]
    [InlineData(1, true, true)]
    [InlineData(2, true, true)]
    [InlineData(1, false, true)]
    [InlineData(2, false, true)]
    [InlineData(1, true, false)]
    [InlineData(2, false, false)]
    public async Task Destination_without_http2_is_asked_once_more_over_http1_if_that_may_be(int client, bool secured, bool mayFallBack)
    {
        await using var upstream = await EchoAsync(HttpProtocols.Http1, secured);
        await using var gateway = await GatewayAsync(upstream, secured, ProtocolOf(client), FallingBack(mayFallBack));
        if (mayFallBack)
        {
            using var socket = await ConnectAsync(gateway, client, secured);
            Assert.Equal("GET 1 key", socket.HttpResponseHeaders!["X-Seen"].Single());
            return;
        }

        using var refused = New(client);
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(refused, gateway, secured));
        Assert.Equal(HttpStatusCode.BadGateway, refused.HttpStatusCode);
    }

    /// <summary>
    /// As a rule the word is there before the connection is handed to the request, which then is told of a handshake that was not completed and not why.
    /// </summary>
    [Fact]
    public async Task Destination_that_asks_for_http1_at_once_is_asked_once_more_over_http1()
    {
        await using var upstream = RawUpstream.Start(async (connection, number) =>
        {
            if (number > 1)
            {
                await connection.AcceptAsync();
                await connection.ReadToEndAsync();
                return;
            }

            await connection.SendAsync(AsksForHttp1);
            await connection.ReadToEndAsync();
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, static cluster => cluster with { Http = FallingBack(true) });
        using var client = await WebSocketScripts.OpenAsync(gateway.Address);
        Assert.Equal(2, upstream.Connections);
    }

    /// <summary>The same without chance: the word is there when the connection is made, and what the handler has yet to write when it closes it fails, as with a socket, or not.</summary>
    [Theory]
    [InlineData(false, null)]
    [InlineData(true, typeof(IOException))]
    public async Task Word_that_comes_before_the_connection_is_handed_over_leaves_http1_to_try(bool refusesOnceClosed, Type? cause)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, _) => new(new Said(AsksForHttp1, refusesOnceClosed)) };
        using var client = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Connect, "http://a") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Protocol = "websocket";
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request, Limit()));
        Assert.Equal((HttpRequestError.Unknown, cause), (failure.HttpRequestError, failure.InnerException?.GetType()));
        Assert.True(ForwardErrors.IsVersionRefused(failure));
    }

    /// <summary>Its settings do not say that it takes extended CONNECT (RFC 8441 §3).</summary>
    [Fact]
    public async Task Destination_without_extended_connect_is_asked_once_more_over_http1()
    {
        await using var upstream = RawUpstream.Start(async (connection, number) =>
        {
            if (number > 1)
            {
                await connection.AcceptAsync();
                await connection.SendAsync(WebSocketScripts.Frame("over http/1.1", masked: false));
                await connection.ReadToEndAsync();
                return;
            }

            await connection.ReadThroughAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
            await connection.SendAsync("\0\0\0\u0004\0\0\0\0\0");
            await connection.ReadToEndAsync();
        });
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, static cluster => cluster with { Http = FallingBack(true) });
        using var client = await WebSocketScripts.OpenAsync(gateway.Address);
        Assert.Equal(WebSocketScripts.Frame("over http/1.1", masked: false), await client.ReadAsync(15));
        Assert.Equal(2, upstream.Connections);
    }

    /// <summary>Around strategies of the host it is one attempt: a breaker of theirs counts no failure.</summary>
    [Fact]
    public async Task Strategies_of_the_host_see_only_what_comes_of_the_version_that_is_taken()
    {
        var outcomes = new ConcurrentQueue<string>();
        await using var upstream = await EchoAsync(HttpProtocols.Http1, secured: false);
        await using var gateway = await Upstream.GatewayToAsync(
            upstream.Address,
            static cluster => cluster with { Http = FallingBack(true) },
            services: builder => builder.ConfigureAttempts("up", strategies => strategies.AddRetry(new()
            {
                ShouldHandle = arguments =>
                {
                    outcomes.Enqueue(arguments.Outcome.Exception?.Message ?? $"{arguments.Outcome.Result.Answer?.StatusCode}");
                    return new(false);
                },
            })));
        using var socket = await ConnectAsync(gateway, version: 1, secured: false);
        Assert.Equal("GET 1 key", socket.HttpResponseHeaders!["X-Seen"].Single());
        Assert.Equal(["SwitchingProtocols"], outcomes);
    }

    [Theory]
    [InlineData("3.0", "RequestVersionExact", "WebSocketVersion")]
    [InlineData("2.0", "RequestVersionOrHigher", "WebSocketVersionPolicy")]
    public async Task Setting_that_cannot_be_kept_stops_the_start(string version, string policy, string key)
    {
        var error = await Assert.ThrowsAsync<GatewayKit.Configuration.GatewayConfigurationException>(() => TestHost.GatewayAsync($$"""
            { "Clusters": { "c": { "Http": { "WebSocketVersion": "{{version}}", "WebSocketVersionPolicy": "{{policy}}" } } } }
            """));
        Assert.EndsWith($":Http:{key}", Assert.Single(error.Errors).Path);
    }

    // GOAWAY with HTTP_1_1_REQUIRED (RFC 9113 §6.8, §7).
    private const string AsksForHttp1 = "\0\0\u0008\u0007\0\0\0\0\0\0\0\0\0\0\0\0\u000d";

    private static ClusterHttp FallingBack(bool may) => new()
    {
        WebSocketVersion = HttpVersion.Version20,
        WebSocketVersionPolicy = may ? HttpVersionPolicy.RequestVersionOrLower : HttpVersionPolicy.RequestVersionExact,
    };

    private static HttpProtocols ProtocolOf(int version) => version == 1 ? HttpProtocols.Http1 : HttpProtocols.Http2;

    private static Version VersionOf(int version) => version == 1 ? HttpVersion.Version11 : HttpVersion.Version20;

    private static CancellationToken Limit() => new CancellationTokenSource(RawConnection.Limit).Token;

    private static ClientWebSocket New(int version)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = VersionOf(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.DangerousDeflateOptions = new();
        socket.Options.AddSubProtocol("one");
        socket.Options.AddSubProtocol("two");
        socket.Options.SetRequestHeader("X-Client", "yes");
        if (version == 2)
        {
            socket.Options.SetRequestHeader("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        }

        return socket;
    }

    private static async Task<ClientWebSocket> ConnectAsync(TestHost gateway, int version, bool secured)
    {
        var socket = New(version);
        await ConnectAsync(socket, gateway, secured);
        return socket;
    }

    private static async Task ConnectAsync(ClientWebSocket socket, TestHost gateway, bool secured)
    {
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null } }, disposeHandler: false);
        await socket.ConnectAsync(new UriBuilder(AddressOf(gateway, secured)) { Scheme = secured ? "wss" : "ws", Path = "/x" }.Uri, invoker, Limit());
    }

    private static Uri AddressOf(TestHost host, bool secured) => new(host.App.Urls.Single(url => url.StartsWith(secured ? "https:" : "http:", StringComparison.Ordinal)));

    private Action<WebApplicationBuilder> Listening(HttpProtocols protocols) => builder => builder.WebHost.UseKestrelHttpsConfiguration()
        .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            listen.UseHttps(_certificate);
        }));

    private Task<TestHost> GatewayAsync(TestHost upstream, bool secured, HttpProtocols protocols, ClusterHttp http) => TestHost.StartAsync(
        builder =>
        {
            Listening(protocols)(builder);
            builder.Services.AddApiGateway()
                .AddClusters(new Cluster
                {
                    Id = "up",
                    Http = http,
                    Tls = new() { CertificateAuthorityFile = _authority },
                    Destinations = new Dictionary<string, Destination> { ["a"] = new() { Address = AddressOf(upstream, secured) } },
                })
                .AddRoutes(new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "up" });
        },
        static app => app.MapGatewayRoutes(),
        protocols);

    private Task<TestHost> EchoAsync(HttpProtocols protocols, bool secured) => TestHost.StartAsync(
        Listening(protocols),
        app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                Assert.Equal("yes", context.Request.Headers["X-Client"]);
                var keys = context.Request.Headers["Sec-WebSocket-Key"].Count;
                context.Response.Headers["X-Seen"] = $"{context.Request.Method} {keys} {(keys == 1 ? "key" : "keys")}";
                context.Response.Headers["X-Extensions"] = context.Request.Headers["Sec-WebSocket-Extensions"].ToString();
                using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = "two", DangerousEnableCompression = true });
                var buffer = new byte[65_536];
                while (await socket.ReceiveAsync(buffer.AsMemory(), Limit()) is { MessageType: not WebSocketMessageType.Close } received)
                {
                    await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, Limit());
                }

                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Limit());
            });
        },
        secured ? HttpProtocols.Http1 : protocols);

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A connection whose other side has said all that it has to say, and takes whatever it is told.</summary>
    private sealed class Said(string text, bool refusesOnceClosed) : MemoryStream(System.Text.Encoding.Latin1.GetBytes(text), writable: false)
    {
        public override bool CanWrite => true;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (refusesOnceClosed)
            {
                // As a socket does.
                ObjectDisposedException.ThrowIf(!CanRead, this);
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
