using GatewayKit.Identity.OwnCalls;
using GatewayKit.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Upstream;

/// <summary>What the policies towards destinations are made of.</summary>
internal static class UpstreamIdentityServices
{
    public static void AddUpstreamIdentity(this IServiceCollection services)
    {
        services.AddOwnCallClient(TokenClient.ClientName, new() { MaxConnections = ExchangedTokens.MostFetches });
        services.TryAddSingleton(static provider => new SecretReader(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SecretReader>>(), provider.GetService<IConfiguration>(), provider.GetService<IHostEnvironment>()));
        services.TryAddSingleton<TokenMetrics>();
        services.TryAddSingleton(static provider => new TokenClient(
            provider.GetRequiredService<IHttpClientFactory>(), provider.GetRequiredService<SecretReader>(), provider.GetRequiredService<TokenMetrics>(), provider.GetRequiredService<TimeProvider>(), provider.GetService<IHostApplicationLifetime>()));
        services.TryAddSingleton<UpstreamTokens>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<UpstreamCredentialsPolicy>, UpstreamSecretsPresence>());
    }
}
