using BenchmarkDotNet.Attributes;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.Signatures;
using GatewayKit.Identity.Upstream;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>What credentials and identity for destinations cost a request whose token is there, less the wait for the destination.</summary>
[MemoryDiagnoser]
public class UpstreamIdentityBenchmarks : IDisposable
{
    private readonly DefaultHttpContext _httpContext = new();
    private readonly IdentityHeadersTransform _identity = new(new());
    private readonly SignatureKey _key = SignatureKey.Hmac(new byte[32]);
    private readonly SignatureComponent[] _components = [.. new RequestSigning { Key = SecretReference.Parse("env:A"), KeyId = "k" }.Components.Select(SignatureComponent.Of)];
    private readonly HttpRequestMessage _message = new(HttpMethod.Get, "http://10.0.0.5:8080/orders/1?page=2");
    private TokenSlot _slot = null!;
    private ExchangedTokens _exchanged = null!;

    [GlobalCleanup]
    public void Dispose()
    {
        _message.Dispose();
        GC.SuppressFinalize(this);
    }

    [GlobalSetup]
    public async Task Setup()
    {
        Task<TokenResult> Fetch(string? subject) => Task.FromResult(new TokenResult(new UpstreamToken(new string('x', 800), TimeSpan.FromHours(10), TimeProvider.System.GetUtcNow(), static () => 0.5), CallFailure.None));
        _httpContext.Request.Headers.Authorization = "Bearer " + new string('y', 800);
        _httpContext.Features.Set(new GatewayConsumer("acme") { ApplicationId = "shop", ProductId = "orders", Plan = new() { Id = "gold" }, CredentialId = "c1", Scopes = ["read", "write"] });
        _slot = new(Fetch, TimeProvider.System);
        await _slot.GetAsync(null);
        _exchanged = new(new() { TokenEndpoint = new("https://a"), ClientId = "a", ClientSecret = SecretReference.Parse("env:A") }, Fetch, TimeProvider.System);
        await _exchanged.Of(SubjectToken.Of(_httpContext.Request.Headers.Authorization)!).GetAsync(null);
    }

    /// <summary>A request that goes out as it came: what the others add to.</summary>
    [Benchmark(Baseline = true)]
    public ForwardRequest Message() => new(_httpContext, new HttpRequestMessage(), new("/orders/1", string.Empty));

    [Benchmark]
    public ForwardRequest OwnToken()
    {
        var request = Message();
        _slot.Ready(null)!.TransformRequest(request);
        return request;
    }

    [Benchmark]
    public ForwardRequest ExchangedToken()
    {
        var request = Message();
        var subject = SubjectToken.Of(_httpContext.Request.Headers.Authorization)!;
        _exchanged.Of(subject).Ready(subject)!.TransformRequest(request);
        return request;
    }

    [Benchmark]
    public ForwardRequest IdentityHeaders()
    {
        var request = Message();
        _identity.TransformRequest(request);
        return request;
    }

    [Benchmark]
    public bool SignByHmac()
    {
        var outgoing = new OutgoingMessage(_message);
        var now = TimeProvider.System.GetUtcNow();
        var parameters = SignatureParameters.Create(Array.FindAll(_components, component => component.IsDerived || outgoing.Field(component.Name).Count > 0), now, now.AddMinutes(1), null, _key.Algorithm, "k");
        return MessageSignature.TrySign("gw", outgoing, parameters, _key, out _, out _);
    }
}
