using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using GatewayKit.JwtBearer;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>
/// What a JWT costs that is checked by a policy of the gateway, against the same by the host's middleware for authentication and authorization. One operation is one request to an endpoint
/// of the host, without a server, in a scope of services of its own. The token is signed RS256 with 2,048 bits.
/// </summary>
[MemoryDiagnoser]
[BenchmarkCategory("Identity")]
public class TokenBenchmarks
{
    private readonly RSA _key = RSA.Create(2_048);
    private WebApplication _app = null!;
    private RequestDelegate _middleware = null!;
    private RequestDelegate _filters = null!;
    private string _authorization = null!;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication("None").AddCookie("None")
            .AddJwtBearer("Bearer", options =>
            {
                options.MapInboundClaims = false;
                options.TokenValidationParameters = new()
                {
                    ValidIssuer = "https://issuer.example", ValidAudience = "orders", ValidAlgorithms = ["RS256"], IssuerSigningKey = new RsaSecurityKey(_key) { KeyId = "a" },
                };
            })
            .AddGatewayJwtBearer(
                static options =>
                {
                    options.Issuer = "https://issuer.example";
                    options.Audiences.Add("orders");
                },
                "Strict");
        builder.Services.AddHttpClient(GatewayJwtBearerExtensions.HttpClientName).ConfigurePrimaryHttpMessageHandler(() => new StaticIssuer(_key));
        builder.Services.AddAuthorization();
        builder.Services.AddApiGateway();
        _app = builder.Build();
        _app.UseRouting();
        _app.MapGet("/bare", static () => Results.Empty);
        _app.MapGet("/host", static () => Results.Empty).RequireAuthorization(static policy => policy.AddAuthenticationSchemes("Bearer").RequireAuthenticatedUser());
        _app.MapGet("/gateway", static () => Results.Empty).RequireIdentity("Bearer");
        _app.MapGet("/strict", static () => Results.Empty).RequireIdentity("Strict");
        _filters = Build(static _ => { });
        _middleware = Build(static app => app.UseAuthentication().UseAuthorization());
        var claims = $$"""{"iss":"https://issuer.example","aud":"orders","exp":{{DateTimeOffset.MaxValue.AddYears(-1).ToUnixTimeSeconds()}},"client_id":"acme","scope":"orders:read orders:write"}""";
        var signed = $"{Base64Url.EncodeToString("{\"alg\":\"RS256\",\"kid\":\"a\",\"typ\":\"at+jwt\"}"u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        _authorization = $"Bearer {signed}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        foreach (var run in new[] { Bare(), HostMiddleware(), GatewayFilter(), GatewayFilterStrict() })
        {
            if (await run.ConfigureAwait(false) != StatusCodes.Status200OK)
            {
                throw new InvalidOperationException("The token was refused.");
            }
        }
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _key.Dispose();
    }

    /// <summary>The endpoint alone.</summary>
    [Benchmark]
    public Task<int> Bare() => SendAsync(_filters, "/bare");

    /// <summary>JwtBearer by UseAuthentication() and UseAuthorization().</summary>
    [Benchmark(Baseline = true)]
    public Task<int> HostMiddleware() => SendAsync(_middleware, "/host");

    /// <summary>The same JwtBearer by RequireIdentity().</summary>
    [Benchmark]
    public Task<int> GatewayFilter() => SendAsync(_filters, "/gateway");

    /// <summary>The strict scheme by RequireIdentity().</summary>
    [Benchmark]
    public Task<int> GatewayFilterStrict() => SendAsync(_filters, "/strict");

    private RequestDelegate Build(Action<IApplicationBuilder> use)
    {
        var app = ((IApplicationBuilder)_app).New();
        foreach (var (key, value) in ((IApplicationBuilder)_app).Properties)
        {
            app.Properties[key] = value;
        }

        app.UseRouting();
        use(app);
        app.UseEndpoints(static _ => { });
        return app.Build();
    }

    private async Task<int> SendAsync(RequestDelegate app, string path)
    {
        using var scope = _app.Services.CreateScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        context.Request.Method = HttpMethods.Get;
        context.Request.Path = path;
        context.Request.Headers.Authorization = _authorization;
        await app(context).ConfigureAwait(false);
        return context.Response.StatusCode;
    }

    private sealed class StaticIssuer(RSA key) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var parameters = key.ExportParameters(false);
            var text = request.RequestUri!.AbsolutePath is "/keys"
                ? $$"""{"keys":[{"kty":"RSA","kid":"a","n":"{{Base64Url.EncodeToString(parameters.Modulus)}}","e":"{{Base64Url.EncodeToString(parameters.Exponent)}}"}]}"""
                : """{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys"}""";
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text) });
        }
    }
}
