using System.Net;
using System.Security.Cryptography;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Identity.Signatures;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.FunctionalTests.Identity.RequestSignatures;

/// <summary>A gateway that asks for signatures, with a destination behind <c>/route</c> and an endpoint of its own at <c>/own</c>.</summary>
internal sealed class SignedGateway : IAsyncDisposable
{
    private const string Variable = "GATEWAYKIT_TEST_SIGNING_SECRET";

    private readonly TestHost _upstream, _gateway;
    private int _served;

    static SignedGateway() => Environment.SetEnvironmentVariable(Variable, SecretText);

    private SignedGateway(TestHost upstream, TestHost gateway) => (_upstream, _gateway) = (upstream, gateway);

    /// <summary>What both sides of <c>acme-1</c> know.</summary>
    public static string SecretText => "canary-4f6c0a52-9d1e-4c7e-8a53-0b1f6f3b7e11";

    public static SignatureKey Hmac { get; } = SignatureKey.Hmac(System.Text.Encoding.UTF8.GetBytes(SecretText));

    public static ConsumerSigningKey HmacKey { get; } = new() { Id = "acme-1", Algorithm = SigningAlgorithm.HmacSha256, Secret = SecretReference.Parse($"env:{Variable}") };

    public static Consumer Acme { get; } = new() { Id = "acme", SigningKeys = [HmacKey], Scopes = ["orders:read"] };

    public Uri Address => _gateway.Address;

    /// <summary>How many requests came to a handler or a destination.</summary>
    public int Served => Volatile.Read(ref _served);

    /// <summary>The body of the last one.</summary>
    public byte[] SeenBody { get; private set; } = [];

    /// <summary>Its signature, if it went on.</summary>
    public string SeenSignature { get; private set; } = string.Empty;

    public static Task<SignedGateway> StartAsync(SignaturePolicy? policy = null, Action<GatewayBuilder>? services = null, HttpProtocols protocols = HttpProtocols.Http1, Consumer? consumer = null) =>
        WithAsync(group => group.RequireSignature(policy), services, protocols, consumer);

    public static async Task<SignedGateway> WithAsync(Action<RouteGroupBuilder> rules, Action<GatewayBuilder>? services = null, HttpProtocols protocols = HttpProtocols.Http1, Consumer? consumer = null)
    {
        SignedGateway? self = null;
        var upstream = await TestHost.StartAsync(
            map: app =>
            {
                app.UseWebSockets();
                app.Run(ServeAsync);
            },
            protocols: protocols);
        var gateway = await TestHost.StartAsync(
            builder =>
            {
                var added = Microsoft.Extensions.DependencyInjection.GatewayServiceCollectionExtensions.AddApiGateway(builder.Services).AddUpstream(upstream.Address, protocols).AddConsumers([consumer ?? Acme]);
                services?.Invoke(added);
            },
            app =>
            {
                app.UseWebSockets();
                var group = app.MapGroup("");
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.Map("/own/{**rest}", ServeAsync);
                rules(group);
            },
            protocols);
        return self = new(upstream, gateway);

        async Task ServeAsync(HttpContext context)
        {
            Interlocked.Increment(ref self!._served);
            self.SeenSignature = context.Request.Headers["Signature"].ToString();
            if (!context.WebSockets.IsWebSocketRequest)
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                self.SeenBody = body.ToArray();
            }

            if (context.Features.Get<GatewayConsumer>() is { } consumer)
            {
                context.Response.Headers["X-Consumer"] = $"{consumer.Id} by {consumer.CredentialId}";
            }

            await AccessTransports.ServeAsync(context);
        }
    }

    public SignedRequest Request(string path = "/own/orders?page=1") => new() { Address = new(Address, path) };

    public Task<SignedAnswer> AskAsync(SignedRequest request, SignatureKey? key = null, Version? version = null) => SendAsync(request, request.Sign(key ?? Hmac), version);

    /// <summary>Sends a request with any fields.</summary>
    public async Task<SignedAnswer> SendAsync(SignedRequest request, (string Name, string Value)[] fields, Version? version = null)
    {
        using var message = new HttpRequestMessage(new(request.Method), request.Address) { Version = version ?? HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (request.Body is not null)
        {
            message.Content = new ByteArrayContent(request.Body);
        }

        foreach (var (name, value) in fields)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _gateway.Client.SendAsync(message, TestContext.Current.CancellationToken);
        return new(
            (int)response.StatusCode,
            response.Headers.TryGetValues("X-Consumer", out var consumer) ? consumer.Single() : null,
            response.Headers.WwwAuthenticate.ToString(),
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    public static (SignatureKey Key, ConsumerSigningKey Public) Pair(SigningAlgorithm algorithm, string id = "acme-1")
    {
        if (algorithm is SigningAlgorithm.HmacSha256)
        {
            return (Hmac, HmacKey);
        }

        using AsymmetricAlgorithm key = algorithm switch
        {
            SigningAlgorithm.EcdsaP256Sha256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            SigningAlgorithm.EcdsaP384Sha384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            _ => RSA.Create(2_048),
        };
        return (SignatureKey.FromPem(key.ExportPkcs8PrivateKeyPem(), algorithm is not SigningAlgorithm.RsaV15Sha256), new() { Id = id, Algorithm = algorithm, PublicKey = key.ExportSubjectPublicKeyInfoPem() });
    }
}

internal sealed record SignedAnswer(int Status, string? Consumer, string Challenge, string Body)
{
    /// <summary>The body without what differs from request to request.</summary>
    public string UniformBody => System.Text.RegularExpressions.Regex.Replace(Body, "\"traceId\":\"[^\"]*\"", string.Empty);
}
