using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>The services in use, by the settings that they are asked with, and what asking takes: a reload that changes none of these forgets nothing.</summary>
internal sealed class AuthorizationServices(IHttpClientFactory clients, ExternalAuthorizationMetrics metrics, TimeProvider time, IOptions<GatewayOptions> options, IHostApplicationLifetime? lifetime = null)
{
    /// <summary>The name of the client of <see cref="IHttpClientFactory"/>.</summary>
    public const string ClientName = "GatewayKit.ExternalAuthorization";

    // One question for each request, and each goes while the client waits.
    private const int MaxConnections = 512;

    // What a service says beside its fields is read as far as the connection is worth it.
    private const int MaxDrainedBytes = 65_536;

    private readonly WeakMap<ExternalAuthorizationPolicy, AuthorizationService> _services = new();

    public IHttpClientFactory Clients => clients;

    public ExternalAuthorizationMetrics Metrics => metrics;

    public TimeProvider Time => time;

    public IHostApplicationLifetime? Lifetime => lifetime;

    public AuthorizationMarker Marker { get; } = new(options.Value.Pseudonym);

    public IReadOnlyList<System.Net.IPNetwork> TrustedProxies => options.Value.TrustedProxies;

    /// <summary>What strangers are told where the service says nothing of it. There is no registered scheme for whatever it takes.</summary>
    public string Challenge { get; } = $"External realm=\"{options.Value.Pseudonym}\"";

    public static void AddTo(IServiceCollection services)
    {
        services.AddOwnCallClient(ClientName, new()
        {
            MaxConnections = MaxConnections,
            MaxDrainedBytes = MaxDrainedBytes,
            IsOutage = OwnCallSettings.IsAway,

            // Of no other try it is certain that the service has not seen it.
            IsWorthAnotherTry = static outcome => outcome.Exception is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError },
            PauseBeforeRetry = TimeSpan.Zero,
            MinRequests = 10,
        });
        services.TryAddSingleton<ExternalAuthorizationMetrics>();
        services.TryAddSingleton(static provider => new AuthorizationServices(
            provider.GetRequiredService<IHttpClientFactory>(), provider.GetRequiredService<ExternalAuthorizationMetrics>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<GatewayOptions>>(),
            provider.GetService<IHostApplicationLifetime>()));
    }

    // In which mode it is asked changes nothing about its answers.
    public AuthorizationService Of(ExternalAuthorizationPolicy policy)
    {
        var settings = policy with { Mode = default, EnforcePercent = 100 };
        return _services.GetOrAdd(settings, () => new(settings, this));
    }
}
