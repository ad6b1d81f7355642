using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.JwtBearerTests.Hosting;

/// <summary>Issues tokens of any kind, publishes its keys, and counts who fetches what.</summary>
internal sealed class Issuer : IAsyncDisposable
{
    public const string Audience = "orders";

    private readonly TestHost _host;
    private readonly Func<DateTimeOffset> _now;
    private int _metadata, _keys, _traps;

    private Issuer(Func<DateTimeOffset> now, TestHost host) => (_now, _host) = (now, host);

    public string Name => _host.Address.ToString().TrimEnd('/');

    public RSA Rsa { get; } = RSA.Create(2_048);

    public RSA OtherRsa { get; } = RSA.Create(2_048);

    public RSA Encryption { get; } = RSA.Create(2_048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A key that the issuer does not publish.</summary>
    public RSA Foreign { get; } = RSA.Create(2_048);

    /// <summary>How often its keys were fetched.</summary>
    public int KeysFetched => _keys;

    public int MetadataFetched => _metadata;

    /// <summary>How often something was fetched that only tokens name.</summary>
    public int TrapsSprung => _traps;

    /// <summary>The ids of the keys that it publishes.</summary>
    public IReadOnlyList<string> Published { get; set; } = ["rsa", "ec", "enc"];

    public bool IsDown { get; set; }

    public static async Task<Issuer> StartAsync(Func<DateTimeOffset>? now = null)
    {
        Issuer? issuer = null;
        var host = await TestHost.StartAsync(map: app => app.Run(context => issuer!.AnswerAsync(context)));
        return issuer = new(now ?? (static () => DateTimeOffset.UtcNow), host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        foreach (var key in new AsymmetricAlgorithm[] { Rsa, OtherRsa, Encryption, Ec, Foreign })
        {
            key.Dispose();
        }
    }

    /// <summary>Seconds since the epoch, from now on.</summary>
    public long At(double seconds) => _now().AddSeconds(seconds).ToUnixTimeSeconds();

    public JsonObject Header(string algorithm = "RS256", string keyId = "rsa") => new() { ["alg"] = algorithm, ["kid"] = keyId, ["typ"] = "at+jwt" };

    public JsonObject Claims() => new()
    {
        ["iss"] = Name,
        ["aud"] = Audience,
        ["exp"] = At(300),
        ["iat"] = At(0),
        ["client_id"] = "acme",
        ["sub"] = "acme",
        ["scope"] = "orders:read",
    };

    /// <summary>A token that nothing is wrong with, but for what is changed.</summary>
    public string Token(Action<JsonObject>? claims = null, Action<JsonObject>? header = null, string algorithm = "RS256")
    {
        var (head, body) = (Header(algorithm, algorithm[0] is 'E' ? "ec" : "rsa"), Claims());
        header?.Invoke(head);
        claims?.Invoke(body);
        return Sign(head.ToJsonString(), body.ToJsonString(), input => SignWith(algorithm, input));
    }

    /// <summary>A token of any two texts.</summary>
    public static string Sign(string header, string claims, Func<byte[], byte[]> sign) => Sign(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(claims), sign);

    public static string Sign(byte[] header, byte[] claims, Func<byte[], byte[]> sign)
    {
        var input = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(claims)}";
        return $"{input}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(input)))}";
    }

    public byte[] SignWith(string algorithm, byte[] input)
    {
        var hash = new HashAlgorithmName($"SHA{algorithm[^3..]}");
        return algorithm[..2] switch
        {
            "PS" => Rsa.SignData(input, hash, RSASignaturePadding.Pss),
            "ES" => Ec.SignData(input, hash),
            _ => Rsa.SignData(input, hash, RSASignaturePadding.Pkcs1),
        };
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (IsDown)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        switch (context.Request.Path.Value)
        {
            case "/.well-known/openid-configuration":
                Interlocked.Increment(ref _metadata);
                return context.Response.WriteAsJsonAsync(new JsonObject { ["issuer"] = Name, ["jwks_uri"] = $"{Name}/keys" });
            case "/keys":
                Interlocked.Increment(ref _keys);
                return context.Response.WriteAsJsonAsync(new JsonObject { ["keys"] = new JsonArray([.. Published.Select(KeyOf)]) });
            default:
                Interlocked.Increment(ref _traps);
                return context.Response.WriteAsJsonAsync(new JsonObject { ["keys"] = new JsonArray(PublicKeyOf(Foreign, "foreign")) });
        }
    }

    private JsonNode KeyOf(string id)
    {
        if (id is "ec")
        {
            var point = Ec.ExportParameters(false).Q;
            return new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = id, ["use"] = "sig", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
        }

        var key = PublicKeyOf(id switch { "rsa" => Rsa, "enc" => Encryption, _ => OtherRsa }, id);
        key["use"] = id is "enc" ? "enc" : "sig";
        return key;
    }

    public static JsonObject PublicKeyOf(RSA key, string id)
    {
        var parameters = key.ExportParameters(false);
        return new() { ["kty"] = "RSA", ["kid"] = id, ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent) };
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}: {_metadata} {_keys} {_traps}");
}
