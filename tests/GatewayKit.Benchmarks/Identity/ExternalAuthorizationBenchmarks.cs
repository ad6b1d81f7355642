using System.Net;
using BenchmarkDotNet.Attributes;
using GatewayKit.Diagnostics;
using GatewayKit.Identity;
using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>What a request costs whose answer is kept: to make the question, its key, and to find the answer.</summary>
[MemoryDiagnoser]
public class ExternalAuthorizationBenchmarks : IDisposable
{
    private readonly ServiceProvider _provider = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().BuildServiceProvider();
    private readonly DefaultHttpContext _httpContext = new();
    private QuestionBuilder _questions = null!;
    private AuthorizationService _service = null!;

    /// <summary>How long the token of the caller is.</summary>
    [Params(40, 800)]
    public int TokenLength { get; set; }

    [GlobalCleanup]
    public void Dispose()
    {
        _provider.Dispose();
        GC.SuppressFinalize(this);
    }

    [GlobalSetup]
    public async Task Setup()
    {
        var request = _httpContext.Request;
        (request.Method, request.Scheme, request.Host, request.Path, request.QueryString) = ("GET", "https", new("api.example.com"), "/orders/1", new("?page=2"));
        _httpContext.Features.Get<IHttpRequestFeature>()!.RawTarget = "/orders/1?page=2";
        _httpContext.Connection.RemoteIpAddress = IPAddress.Parse("203.0.113.7");
        request.Headers.Authorization = "Bearer " + new string('y', TokenLength);
        var policy = new ExternalAuthorizationPolicy { Url = new("https://auth.example.com/"), CacheFor = TimeSpan.FromSeconds(60), DestinationHeaders = ["X-Auth-User"] };
        var metrics = new ExternalAuthorizationMetrics(
            _provider.GetRequiredService<GatewayMeter>(), new IdentityMetrics(_provider.GetRequiredService<GatewayMeter>()), TimeProvider.System, NullLogger<ExternalAuthorizationMetrics>.Instance);
        _service = new AuthorizationServices(new Yes(), metrics, new Standing(), Options.Create(new GatewayOptions())).Of(policy);
        _questions = new(policy, EndpointOf(), []);
        _questions.TryBuild(_httpContext, out var question);
        _service.Find(question, out var key);
        await _service.AskAsync(question, key, CancellationToken.None);
        if (Kept() is null)
        {
            throw new InvalidOperationException("Nothing is kept.");
        }
    }

    [Benchmark]
    public object? Kept()
    {
        _questions.TryBuild(_httpContext, out var question);
        return _service.Find(question, out _);
    }

    private static GatewayEndpoint EndpointOf() => GatewayEndpoint.Of(new Microsoft.AspNetCore.Routing.RouteEndpointBuilder(null, Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse("/"), 0), []);

    private sealed class Yes : HttpMessageHandler, IHttpClientFactory
    {
        public HttpClient CreateClient(string name) => new(this, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(HttpStatusCode.OK);
            response.Headers.Add("X-Auth-User", "alice");
            return Task.FromResult(response);
        }
    }

    // What is kept stays for as long as it is measured.
    private sealed class Standing : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
