using System.Net;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Certificates;

/// <summary>A gateway that speaks TLS and asks for client certificates, with a destination behind <c>/route</c> and an endpoint of its own at <c>/own</c>.</summary>
internal sealed class SecureGateway : IAsyncDisposable
{
    private readonly X509Certificate2 _server;
    private readonly TestHost _upstream, _gateway;
    private int _served;

    private SecureGateway(X509Certificate2 server, TestHost upstream, TestHost gateway)
    {
        (_server, _upstream, _gateway) = (server, upstream, gateway);
        Address = new(gateway.App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(static address => address.StartsWith("https:", StringComparison.Ordinal)));
    }

    public Uri Address { get; }

    /// <summary>Where it listens without TLS.</summary>
    public Uri PlainAddress => _gateway.Address;

    /// <summary>How many requests came to a handler or a destination.</summary>
    public int Served => Volatile.Read(ref _served);

    /// <summary>What the last request to the destination had of <c>Client-Cert</c>.</summary>
    public string? SeenByDestination { get; private set; }

    public static async Task<SecureGateway> StartAsync(
        Action<RouteGroupBuilder> rules, Action<GatewayBuilder>? services = null, HttpProtocols protocols = HttpProtocols.Http1AndHttp2, ClientCertificateMode mode = ClientCertificateMode.AllowCertificate,
        HttpProtocols upstreamProtocols = HttpProtocols.Http1)
    {
        SecureGateway? self = null;
        var server = TestAuthority.SelfSigned("CN=localhost", purpose: TestAuthority.ForServers);
        var upstream = await TestHost.StartAsync(
            map: app =>
            {
                app.UseWebSockets();
                app.Run(context =>
                {
                    self!.SeenByDestination = context.Request.Headers["Client-Cert"].ToString() + context.Request.Headers["Client-Cert-Chain"];
                    return ServeAsync(context);
                });
            },
            protocols: upstreamProtocols);
        var version = upstreamProtocols is HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.WebHost.UseKestrelHttpsConfiguration();
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
                {
                    listen.Protocols = protocols;
                    listen.UseHttps(server, https =>
                    {
                        https.ClientCertificateMode = mode;
                        https.AllowAnyClientCertificate();
                    });
                }));
                var added = builder.Services.AddApiGateway().AddUpstream(upstream.Address, protocols);
                services?.Invoke(added);
            },
            app =>
            {
                app.UseWebSockets();
                var group = app.MapGroup("");
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.Map("/own/{**rest}", ServeAsync);
                rules(group);
            });
        return self = new(server, upstream, gateway);

        Task ServeAsync(HttpContext context)
        {
            Interlocked.Increment(ref self!._served);
            if (context.Features.Get<GatewayConsumer>() is { } consumer)
            {
                context.Response.Headers["X-Consumer"] = Uri.EscapeDataString(consumer.Id);
            }

            return AccessTransports.ServeAsync(context);
        }
    }

    public SocketsHttpHandler Handler(X509Certificate2? certificate) => new()
    {
        UseProxy = false,
        UseCookies = false,
        SslOptions = new()
        {
            RemoteCertificateValidationCallback = (_, presented, _, _) => presented?.GetCertHashString() == _server.Thumbprint,
            ClientCertificates = certificate is null ? null : [certificate],
        },
    };

    /// <summary>Sends a request with a certificate.</summary>
    public async Task<SecureAnswer> AskAsync(X509Certificate2? certificate, string path = "/own/", Version? version = null, params (string Name, string Value)[] fields)
    {
        using var handler = Handler(certificate);
        using var client = new HttpClient(handler);
        return await AskAsync(client, new Uri(Address, path), version, fields);
    }

    public static async Task<SecureAnswer> AskAsync(HttpClient client, Uri address, Version? version = null, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = version ?? HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var (name, value) in fields)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new(
            (int)response.StatusCode,
            response.Headers.TryGetValues("X-Consumer", out var consumer) ? Uri.UnescapeDataString(consumer.Single()) : null,
            response.Headers.WwwAuthenticate.ToString(),
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _upstream.DisposeAsync();
        _server.Dispose();
    }
}

/// <summary>What came back, and whom the endpoint took the caller for.</summary>
internal sealed record SecureAnswer(int Status, string? Consumer, string Challenge, string Body)
{
    /// <summary>The body without what differs from request to request.</summary>
    public string UniformBody => System.Text.RegularExpressions.Regex.Replace(Body, "\"traceId\":\"[^\"]*\"", string.Empty);
}
