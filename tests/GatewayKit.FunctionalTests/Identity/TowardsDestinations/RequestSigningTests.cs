using System.Security.Cryptography;
using System.Text;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Transforms;
using GatewayKit.Identity.Signatures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

/// <summary>What the gateway signs is verified over what the destination got.</summary>
public sealed class RequestSigningTests
{
    private const string Secret = "a secret of at least 32 bytes, as they must be";

    [Theory]
    [InlineData("hmac-sha256")]
    [InlineData("ecdsa-p256-sha256")]
    [InlineData("ecdsa-p384-sha384")]
    [InlineData("rsa-pss-sha512")]
    public async Task Destination_can_verify_the_signature(string algorithm)
    {
        using var rsa = RSA.Create(2_048);
        using var ecdsa = ECDsa.Create(algorithm is "ecdsa-p384-sha384" ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256);
        var (secret, key) = algorithm switch
        {
            "hmac-sha256" => (Secret, SignatureKey.Hmac(Encoding.UTF8.GetBytes(Secret))),
            "rsa-pss-sha512" => (rsa.ExportPkcs8PrivateKeyPem(), SignatureKey.FromPem(rsa.ExportSubjectPublicKeyInfoPem())),
            _ => (ecdsa.ExportPkcs8PrivateKeyPem(), SignatureKey.FromPem(ecdsa.ExportSubjectPublicKeyInfoPem())),
        };
        SignatureParameters? parameters = null;
        await using var gateway = await StartAsync(key, secret, seen: found => parameters = found);
        Assert.Equal(200, (await gateway.SendAsync(HttpMethod.Post, new StringContent("body"), ("Authorization", "Bearer x"), ("Signature", "gw=:AAAA:"), ("Signature-Input", "gw=()"))).Status);
        Assert.Equal(["@method", "@authority", "@path", "@query", "content-type", "authorization"], parameters!.Components.Select(static component => component.Name));
        var now = gateway.Time.GetUtcNow().ToUnixTimeSeconds();
        Assert.Equal((now, now + 60, algorithm, "k1", "orders"), (parameters.Created, parameters.Expires, parameters.Algorithm, parameters.KeyId, parameters.Tag));
    }

    [Fact]
    public async Task Fetched_token_is_covered()
    {
        await using var server = await TokenServer.StartAsync();
        SignatureParameters? parameters = null;
        await using var gateway = await StartAsync(
            SignatureKey.Hmac(Encoding.UTF8.GetBytes(Secret)), Secret, seen: found => parameters = found,
            way: $$""" "ClientCredentials": { "TokenEndpoint": "{{server.Endpoint}}", "ClientId": "gw", "ClientSecret": "config:Secrets:Client" },""");
        Assert.Equal("Bearer token-1", (await gateway.SendAsync())["Authorization"]);
        Assert.Contains("authorization", parameters!.Components.Select(static component => component.Name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Small_body_is_covered_by_its_digest(bool chunked)
    {
        SignatureParameters? parameters = null;
        string? body = null;
        await using var gateway = await StartAsync(
            SignatureKey.Hmac(Encoding.UTF8.GetBytes(Secret)), Secret, """, "MaxBodyBytes": 1000 """, found => parameters = found, seenBody: found => body = found);
        HttpContent content = chunked ? new StreamContent(new OneByteAtATime("the body"u8.ToArray())) : new StringContent("the body");
        var seen = await gateway.SendAsync(HttpMethod.Post, content, ("Content-Digest", "sha-256=:AAAA:"));
        Assert.Equal("the body", body);
        Assert.Equal(ContentDigest.Of("the body"u8), seen["Content-Digest"]);
        Assert.Contains("content-digest", parameters!.Components.Select(static component => component.Name));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Larger_body_than_can_be_covered_is_refused(bool chunked)
    {
        await using var gateway = await StartAsync(SignatureKey.Hmac(Encoding.UTF8.GetBytes(Secret)), Secret, """, "MaxBodyBytes": 1000 """);
        using HttpContent content = chunked ? new StreamContent(new MemoryStream(new byte[1_001])) : new ByteArrayContent(new byte[1_001]);
        content.Headers.ContentLength = chunked ? null : 1_001;
        Assert.Equal(413, (await gateway.SendAsync(HttpMethod.Post, content)).Status);
    }

    [Fact]
    public async Task Field_that_cannot_be_signed_is_the_clients_fault()
    {
        await using var gateway = await StartAsync(SignatureKey.Hmac(Encoding.UTF8.GetBytes(Secret)), Secret, """, "Components": [ "@method", "x-name" ] """);
        using var client = await Hosting.RawConnection.ConnectAsync(gateway.Address);
        var answer = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Name: \xc3\xa4\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("header-value", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("too short", "", "is no key to sign with")]
    [InlineData(Secret, """, "Components": [ "@status" ] """, "'@status' is nothing that can be signed")]
    [InlineData(Secret, """, "Components": [ "Date" ] """, "'Date' is nothing that can be signed")]
    [InlineData(Secret, """, "Components": [ "date", "date" ] """, "has something twice")]
    [InlineData(Secret, """, "Lifetime": "00:00:00" """, "Lifetime is 00:00:00")]
    public async Task Wrong_settings_stop_the_start(string secret, string more, string expected)
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(SignatureKey.Hmac(new byte[32]), secret, more));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, exception.ToString(), StringComparison.Ordinal);
    }

    private static Task<CredentialedGateway> StartAsync(
        SignatureKey key, string secret, string more = "", Action<SignatureParameters>? seen = null, string way = "", Action<string>? seenBody = null) =>
        CredentialedGateway.StartAsync(
            $$"""
            "UpstreamCredentials": { {{way}} "Sign": { "Key": "config:Secrets:Key", "KeyId": "k1", "Tag": "orders" {{more}} } }
            """,
            async context =>
            {
                var input = Assert.Single(StructuredFieldReader.ReadDictionary(context.Request.Headers["Signature-Input"].ToString())!);
                var signature = Assert.Single(StructuredFieldReader.ReadDictionary(context.Request.Headers["Signature"].ToString())!);
                Assert.Equal(("gw", "gw"), (input.Key, signature.Key));
                var parameters = SignatureParameters.From(input.Value)!;
                if (!MessageSignature.Verify(new Incoming(context), parameters, key, (byte[])signature.Value.Value))
                {
                    context.Response.StatusCode = 599;
                    return;
                }

                seen?.Invoke(parameters);
                seenBody?.Invoke(await new StreamReader(context.Request.Body).ReadToEndAsync());
                await TransformedGateway.TellAsync(context);
            },
            builder => builder.Configuration.AddInMemoryCollection([new("Secrets:Key", secret)]));

    private sealed class Incoming(HttpContext context) : ISignedMessage
    {
        public string Method => context.Request.Method;

        public string Scheme => context.Request.Scheme;

        public string Authority => context.Request.Host.Value!;

        public string Path => context.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0];

        public string Query => context.Request.QueryString.Value!;

        public int? Status => null;

        public StringValues Field(string name) => context.Request.Headers[name];
    }

    private sealed class OneByteAtATime(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
