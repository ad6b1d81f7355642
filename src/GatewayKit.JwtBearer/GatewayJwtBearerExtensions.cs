using GatewayKit;
using GatewayKit.Identity.Schemes;
using GatewayKit.JwtBearer;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds JWT bearer tokens that are fit for a gateway.</summary>
public static class GatewayJwtBearerExtensions
{
    /// <summary>The name of the <c>HttpClient</c> that fetches metadata and keys of issuers, for handlers and settings of the host.</summary>
    public const string HttpClientName = "GatewayKit.JwtBearer";

    /// <summary>
    /// Adds a JwtBearer scheme with strict defaults: algorithms, issuer, audience and expiry are checked, tokens are bounded, nothing that a token names is fetched, and keys of the issuer are fetched
    /// at most once in 30 s however many tokens name unknown ones. What cannot be checked is answered 503 on endpoints of the gateway.
    /// </summary>
    /// <param name="builder">What <c>AddAuthentication()</c> returned.</param>
    /// <param name="configure">Says who issues tokens, and for whom.</param>
    /// <param name="scheme">The name of the scheme. Default <c>Bearer</c>.</param>
    /// <exception cref="OptionsValidationException">At the start of the host: a setting is not valid.</exception>
    public static AuthenticationBuilder AddGatewayJwtBearer(this AuthenticationBuilder builder, Action<GatewayJwtOptions> configure, string scheme = JwtBearerDefaults.AuthenticationScheme)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<GatewayJwtOptions>(scheme).Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GatewayJwtOptions>, GatewayJwtOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<TokenHandlers>();
        services.AddHttpClient(HttpClientName)
            .ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
            .ConfigureHttpClient(static client => (client.Timeout, client.MaxResponseContentBufferSize) = (TimeSpan.FromSeconds(10), 256 * 1_024));
        services.AddOptions<JwtBearerOptions>(scheme).Configure<TokenHandlers>((options, handlers) =>
        {
            // Claims keep their names, tokens stay nowhere, and a refusal tells what RFC 6750 §3.1 asks for and no more.
            (options.MapInboundClaims, options.SaveToken, options.IncludeErrorDetails) = (false, false, false);
            options.TokenHandlers.Clear();
            options.TokenHandlers.Add(handlers.Of(scheme));
            options.Events = new()
            {
                OnChallenge = static context =>
                {
                    context.Error = context.AuthenticateFailure is null or AuthenticationUnavailableException ? context.Error : "invalid_token";
                    return Task.CompletedTask;
                },
            };
        });
        return builder.AddJwtBearer(scheme, static _ => { });
    }

    /// <summary>
    /// Checks at start the JwtBearer schemes that <c>Identity</c> policies name, however they were added: one that pins no algorithm, checks neither issuer nor audience nor expiry, or takes tokens
    /// for longer than a minute after they have expired, is an error.
    /// </summary>
    public static GatewayBuilder AddJwtBearerChecks(this GatewayBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IdentityPolicy>, JwtBearerChecks>());
        return builder;
    }
}
