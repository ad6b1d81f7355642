using GatewayKit.Identity.Certificates;
using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity;

/// <summary>What the ways of finding out who calls are made of, but for keys and the host's schemes.</summary>
internal static class CredentialMethods
{
    public static void AddCredentialMethods(this IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new CertificateTrusts(provider.GetRequiredService<TimeProvider>(), provider.GetService<IHostEnvironment>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CertificatePolicy>, CertificateTrustCheck>());
        services.TryAddSingleton<VerificationKeys>();
        services.TryAddSingleton<SignatureReplays>();
        AuthorizationServices.AddTo(services);
        services.AddOwnCallClient(IntrospectionClient.ClientName, new() { MaxConnections = IntrospectedTokens.MostQuestions, IsOutage = OwnCallSettings.IsAway, MinRequests = 10 });
        services.TryAddSingleton<IntrospectionMetrics>();
        services.TryAddSingleton(static provider => new IntrospectionClient(
            provider.GetRequiredService<IHttpClientFactory>(), provider.GetRequiredService<SecretReader>(), provider.GetRequiredService<TimeProvider>(), provider.GetService<IHostApplicationLifetime>()));
        services.TryAddSingleton<IntrospectionServers>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IntrospectionPolicy>, IntrospectionSecretPresence>());
    }
}
