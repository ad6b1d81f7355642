using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Schemes;
using GatewayKit.JwtBearer;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.JwtBearerTests.Hosting;

/// <summary>A gateway that asks for tokens of an issuer, in front of a destination that counts.</summary>
internal sealed class GuardedGateway : IAsyncDisposable
{
    private readonly TestHost _upstream;
    private int _seen;

    private GuardedGateway(TestHost upstream) => _upstream = upstream;

    public TestHost Host { get; private set; } = null!;

    /// <summary>How many requests the destination got.</summary>
    public int Seen => _seen;

    /// <summary>The credential that the destination saw last.</summary>
    public string? SeenAuthorization { get; private set; }

    public static async Task<GuardedGateway> StartAsync(
        Issuer issuer, Action<GatewayJwtOptions>? configure = null, Action<WebApplicationBuilder>? build = null, Func<IdentityPolicy, IdentityPolicy>? change = null)
    {
        GuardedGateway? gateway = null;
        var upstream = await Upstream.StartAsync(context =>
        {
            Interlocked.Increment(ref gateway!._seen);
            gateway.SeenAuthorization = context.Request.Headers.Authorization;
            return context.Response.WriteAsync("served");
        });
        gateway = new(upstream);
        gateway.Host = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddAuthentication().AddGatewayJwtBearer(options =>
                {
                    options.Issuer = issuer.Name;
                    options.Audiences.Add(Issuer.Audience);
                    options.TokenTypes.Add("at+jwt");
                    configure?.Invoke(options);
                });
                builder.Services.AddApiGateway().AddJwtBearerChecks().AddCluster("up", upstream.Address.ToString());
                build?.Invoke(builder);
            },
            app =>
            {
                var policy = new IdentityPolicy { Schemes = ["Bearer"] };
                var group = app.MapGroup("").RequireIdentity(change?.Invoke(policy) ?? policy);
                group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                group.MapGet("/own", static (HttpContext context) => context.Features.Get<GatewayConsumer>()!.Id);
            });
        return gateway;
    }

    public async Task<HttpResponseMessage> SendAsync(string? token, string path = "/route/a", params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        }

        foreach (var (name, value) in fields)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Host.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<int> StatusAsync(string? token, string path = "/route/a")
    {
        using var response = await SendAsync(token, path);
        return (int)response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _upstream.DisposeAsync();
    }
}
