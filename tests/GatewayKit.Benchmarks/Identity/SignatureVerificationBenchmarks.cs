using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Identity.Signatures;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>What it costs to check the signature of a request: to read its fields, to write what was signed, to verify it, and to remember it.</summary>
[MemoryDiagnoser]
public class SignatureVerificationBenchmarks
{
    private readonly DefaultHttpContext _httpContext = new();
    private readonly SignatureCoverage _coverage = new(["idempotency-key"]);
    private readonly SignatureReplays _replays = new(TimeProvider.System);
    private SignatureKey _key = null!;
    private long _number;

    [Params(SigningAlgorithm.HmacSha256, SigningAlgorithm.EcdsaP256Sha256, SigningAlgorithm.RsaPssSha512)]
    public SigningAlgorithm Algorithm { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        using AsymmetricAlgorithm pair = Algorithm is SigningAlgorithm.EcdsaP256Sha256 ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2_048);
        _key = Algorithm is SigningAlgorithm.HmacSha256 ? SignatureKey.Hmac(new byte[32]) : SignatureKey.FromPem(pair.ExportPkcs8PrivateKeyPem());
        var request = _httpContext.Request;
        (request.Method, request.Scheme, request.Host) = ("POST", "https", new("api.example.com"));
        _httpContext.Features.Get<IHttpRequestFeature>()!.RawTarget = "/orders?page=1";
        request.Headers["Idempotency-Key"] = "7f0c1a4e";
        request.Headers["Content-Digest"] = ContentDigest.Of(new byte[100]);
        var now = TimeProvider.System.GetUtcNow();
        var parameters = SignatureParameters.Create(
            [.. ((string[])["@method", "@target-uri", "content-digest", "idempotency-key"]).Select(SignatureComponent.Of)], now, null, nonce: "n0", null, "acme-1");
        MessageSignature.TrySign("sig1", new IncomingMessage(_httpContext), parameters, _key, out var signature, out _);
        (request.Headers["Signature-Input"], request.Headers["Signature"]) = (signature.Input, signature.Value);
    }

    [Benchmark]
    public bool Verify()
    {
        var signature = RequestSignature.Read(_httpContext.Request.Headers, label: null)![0];
        return _coverage.IsEnough(signature.Parameters)
            && SignatureBase.TryCreate(new IncomingMessage(_httpContext), signature.Parameters, out var text, out _)
            && _key.Verify(Encoding.ASCII.GetBytes(text), signature.Value);
    }

    [Benchmark]
    public object Remember() => _replays.Remember("acme-1", BitConverter.GetBytes(_number++), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1, 10_000_000);
}
