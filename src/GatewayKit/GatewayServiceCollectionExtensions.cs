using GatewayKit;
using GatewayKit.Admin;
using GatewayKit.Auditing;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Clusters.Health;
using GatewayKit.Clusters.NamedClients;
using GatewayKit.Configuration;
using GatewayKit.Diagnostics;
using GatewayKit.Forwarding;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Hosting;
using GatewayKit.Identity;
using GatewayKit.Identity.Access;
using GatewayKit.Identity.Addresses;
using GatewayKit.Identity.AnyOf;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Certificates;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Cors;
using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Identity.Schemes;
using GatewayKit.Identity.Upstream;
using GatewayKit.Lifecycle;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Admission;
using GatewayKit.Resilience.Faults;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Fallbacks;
using GatewayKit.Resilience.Priorities;
using GatewayKit.Resilience.Shedding;
using GatewayKit.Resilience.Timeouts;
using GatewayKit.Rollout;
using GatewayKit.Rollout.Mirroring;
using GatewayKit.Rollout.Splits;
using GatewayKit.Routing;
using GatewayKit.SelfService;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Concurrency;
using GatewayKit.Throttling.Plans;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.RateLimiters;
using GatewayKit.Throttling.Sharing;
using GatewayKit.Transforms;
using GatewayKit.WebSockets;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the gateway to a host.</summary>
public static class GatewayServiceCollectionExtensions
{
    /// <summary>
    /// Adds the gateway, configured by the section <c>Gateway</c> of the host's configuration if there is one. Calling it again is
    /// harmless and returns a builder for the same gateway.
    /// </summary>
    public static GatewayBuilder AddApiGateway(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddRouting();
        services.AddProblemDetails();
        services.AddMetrics();
        services.AddOptions<GatewayOptions>();
        services.TryAddSingleton(TimeProvider.System);

        services.TryAddSingleton<GatewayMeter>();
        services.TryAddSingleton<PolicyRegistry>();
        services.TryAddSingleton<PipelineMetrics>();
        services.TryAddSingleton<PipelineOutcomes>();
        services.TryAddSingleton<ShadowMode>();
        services.TryAddSingleton(RetryTimes.Default);
        services.TryAddSingleton(static provider => new PriorityOrder(provider.GetRequiredService<IOptions<GatewayOptions>>().Value.PriorityClasses));
        services.TryAddSingleton<PipelineComposer>();
        services.TryAddSingleton<HostPipeline>();
        services.TryAddSingleton<PipelineRunner>();
        services.TryAddSingleton(static provider => new GatewayInspector(provider.GetRequiredService<EndpointDataSource>()));
        services.TryAddSingleton<PipelineLog>();
        services.TryAddSingleton<StartGuard>();

        services.TryAddSingleton<DestinationConnections>();
        services.TryAddSingleton<DestinationDrains>();
        AddHealth(services);
        services.TryAddSingleton<ClusterStates>();
        services.TryAddSingleton(static provider => new GatewayClusters(provider.GetRequiredService<ClusterStates>(), provider.GetRequiredService<DestinationDrains>()));
        services.TryAddSingleton<AffinityMetrics>();
        services.TryAddSingleton(static provider => new SessionAffinities(
            provider.GetService<IDataProtectionProvider>, provider.GetRequiredService<AffinityMetrics>(), provider.GetRequiredService<TimeProvider>()));
        AddDiscovery(services);
        AddNamedClients(services);
        services.TryAddSingleton(static provider => NameLookup.OfSystem(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<UpstreamHandlers>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<KestrelServerOptions>, ServerHeaderEncoding>());
        services.TryAddSingleton<ExchangeClocks>();
        services.TryAddSingleton<ForwardMetrics>();
        services.TryAddSingleton<AttemptStrategies>();
        services.TryAddSingleton<AttemptFaults>();
        services.TryAddSingleton<RetryMetrics>();
        services.TryAddSingleton<HedgeMetrics>();
        services.TryAddSingleton(static provider => new TrustedPeers(provider.GetRequiredService<IOptions<GatewayOptions>>().Value.TrustedProxies));
        services.TryAddSingleton(static provider => new AttemptSender(
            new RequestHead(provider.GetRequiredService<IOptions<GatewayOptions>>().Value),
            provider.GetRequiredService<ExchangeClocks>(),
            provider.GetRequiredService<ForwardMetrics>(),
            provider.GetRequiredService<Tunnels>(),
            provider.GetRequiredService<AttemptStrategies>(),
            provider.GetRequiredService<AttemptFaults>(),
            provider.GetRequiredService<IOptions<GatewayOptions>>().Value.SendDeadlines,
            provider.GetRequiredService<IOptions<GatewayOptions>>().Value.SendWouldReject));
        services.TryAddSingleton(static provider => new Forwarder(
            provider.GetRequiredService<ClusterStates>(),
            provider.GetRequiredService<AttemptSender>(),
            provider.GetRequiredService<RetryMetrics>(),
            provider.GetRequiredService<HedgeMetrics>(),
            provider.GetRequiredService<TrustedPeers>(),
            provider.GetRequiredService<Tunnels>(),
            provider.GetRequiredService<UpstreamHandlers>()));
        services.TryAddSingleton<TunnelMetrics>();
        services.TryAddSingleton<Tunnels>();
        services.TryAddSingleton<EventStreams>();
        AddConsumers(services);
        services.TryAddSingleton<CurrentSnapshot>();
        services.TryAddSingleton<RouteTemplates>();
        services.TryAddSingleton<GatewayEndpointFactory>();
        services.TryAddEnumerable(
        [
            ServiceDescriptor.Singleton<MatcherPolicy, ShadowedEndpointMatcherPolicy>(),
            ServiceDescriptor.Singleton<MatcherPolicy, HostIndexMatcherPolicy>(),
            ServiceDescriptor.Singleton<MatcherPolicy, WebSocketMatcherPolicy>(),
            ServiceDescriptor.Singleton<MatcherPolicy, FieldIndexMatcherPolicy>(),
            ServiceDescriptor.Singleton<MatcherPolicy, ConditionMatcherPolicy>(),
            ServiceDescriptor.Singleton<MatcherPolicy, PrecedenceMatcherPolicy>(),
        ]);

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IRouteSource, CodeRouteSource>());
        AddConfiguration(services);
        AddLifecycle(services);
        AddResilience(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, GatewayStartup>());

        services.AddOptionsWithValidateOnStart<ThrottlingOptions, ThrottlingOptionsValidator>();
        services.TryAddSingleton<WebSocketPlaces>();
        services.TryAddSingleton<SplitSides>();
        services.TryAddSingleton<SplitMetrics>();
        services.TryAddSingleton<SplitTerminals>();
        services.TryAddSingleton<MirrorMetrics>();
        services.TryAddSingleton<Mirrors>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IMirrorSink, LogMirrorSink>());
        services.TryAddSingleton<ThrottlingMetrics>();
        services.TryAddSingleton<ThrottleAllowances>();
        services.TryAddSingleton<PeerDeadlines>();
        services.TryAddSingleton<RateLimiterRegistry>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RateLimiterPolicy>, RateLimiterRegistry>(static provider => provider.GetRequiredService<RateLimiterRegistry>()));
        AddSharing(services);
        AddQuotas(services);
        services.TryAddSingleton<FaultStates>();
        services.TryAddSingleton<FaultMetrics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FaultPolicy>, FaultSwitch>());
        AdminServices.AddTo(services);
        SelfServiceServices.AddTo(services);
        AuditServices.AddTo(services);
        AddGuards(services);
        AddAccess(services);
        AddSchemes(services);
        services.AddUpstreamIdentity();
        services.AddCredentialMethods();
        return new GatewayBuilder(services)
            .AddPolicy<AuditPolicy, AuditFilterFactory>(AuditPolicy.Name)
            .AddPolicy<TimeoutPolicy, TimeoutFilterFactory>("Timeout")
            .AddPolicy<RequestPriorityPolicy, RequestPriorityFilterFactory>("RequestPriority")
            .AddPolicy<LoadSheddingPolicy, LoadSheddingFilterFactory>("LoadShedding")
            .AddPolicy<AdmissionPolicy, AdmissionFilterFactory>("Admission")
            .AddPolicy<BulkheadPolicy, BulkheadFilterFactory>("Bulkhead")
            .AddPolicy<FallbackPolicy, FallbackFilterFactory>("Fallback")
            .AddPolicy<ThrottlePolicy, ThrottlingFilterFactory>("Throttle")
            .AddPolicy<RateLimiterPolicy, RateLimiterFilterFactory>("RateLimiter")
            .AddPolicy<ConcurrencyPolicy, ConcurrencyFilterFactory>("Concurrency")
            .AddPolicy<QuotaPolicy, QuotaFilterFactory>("Quota")
            .AddPolicy<PlanPolicy, PlanFilterFactory>("Plan")
            .AddPolicy<AnyOfPolicy, AnyOfFilterFactory>("AnyOf")
            .AddPolicy<IdentityPolicy, IdentityFilterFactory>("Identity")
            .AddPolicy<ApiKeyPolicy, ApiKeyFilterFactory>("ApiKey")
            .AddPolicy<CertificatePolicy, CertificateFilterFactory>("ClientCertificate")
            .AddPolicy<IntrospectionPolicy, IntrospectionFilterFactory>("Introspection")
            .AddPolicy<SignaturePolicy, SignatureFilterFactory>("Signature")
            .AddPolicy<ExternalAuthorizationPolicy, ExternalAuthorizationFilterFactory>("ExternalAuthorization")
            .AddPolicy<WebSocketPolicy, WebSocketsFilterFactory>("WebSockets")
            .AddPolicy<MirrorPolicy, MirrorFilterFactory>("Mirror")
            .AddPolicy<TransformPolicy, TransformFilterFactory>("Transforms")
            .AddPolicy<IdentityHeadersPolicy, IdentityHeadersFilterFactory>("IdentityHeaders")
            .AddPolicy<UpstreamCredentialsPolicy, UpstreamCredentialsFilterFactory>("UpstreamCredentials")
            .AddPolicy<FaultPolicy, FaultFilterFactory>("Fault")
            .AddPolicy<CircuitBreakerPolicy, CircuitBreakerFilterFactory>("CircuitBreaker")
            .AddPolicy<AddressPolicy, AddressFilterFactory>("Addresses")
            .AddPolicy<AccessPolicy, AccessFilterFactory>("Access")
            .AddPolicy<GatewayCorsPolicy, CorsFilterFactory>("Cors")
            .AddDestinationSource<DnsDestinationSource>(DnsDestinationSource.Name);
    }

    /// <summary>Adds the gateway, configured by a section and by whatever changes in it later.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">Routes, clusters, defaults and <see cref="GatewayOptions"/>. Several calls with several sections add up.</param>
    public static GatewayBuilder AddApiGateway(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        var known = services.Select(static service => service.ImplementationInstance).OfType<GatewaySection>();
        if (!known.Any(other => other.IsSameAs(section)))
        {
            services.AddSingleton(new GatewaySection(section));
        }

        return services.AddApiGateway();
    }

    /// <summary>Adds the gateway with host-wide options. They override those of the configuration.</summary>
    public static GatewayBuilder AddApiGateway(this IServiceCollection services, Action<GatewayOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = services.AddApiGateway();
        services.Configure(configure);
        return builder;
    }

    private static void AddLifecycle(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(DrainState)))
        {
            return;
        }

        services.AddSingleton<DrainState>();
        services.AddSingleton<DrainMetrics>();
        services.AddSingleton<ShutdownCheck>();
        services.AddHostedService<DrainService>();

        // In front of what the host's own start-up filters add (B5).
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, PeerStartup>());
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, DrainStartup>());
    }

    private static void AddHealth(IServiceCollection services)
    {
        services.TryAddSingleton<HealthTelemetry>();
        services.TryAddSingleton<OutlierSweep>();
        services.TryAddSingleton(static provider => new HealthProbes(
            provider.GetRequiredService<HealthTelemetry>(), provider.GetRequiredService<TimeProvider>(), provider.GetService<DrainState>()));
        services.TryAddSingleton(static provider => new HealthWatch(
            provider.GetRequiredService<HealthProbes>(), provider.GetRequiredService<OutlierSweep>(), provider.GetRequiredService<HealthTelemetry>(), provider.GetRequiredService<TimeProvider>()));
    }

    private static void AddGuards(IServiceCollection services)
    {
        services.TryAddSingleton<HandlerClocks>();
        services.AddOptionsWithValidateOnStart<LoadSheddingOptions, LoadSheddingOptionsValidator>();
        services.TryAddSingleton<HostSignals>(static provider => new ProcessSignals(provider.GetRequiredService<TimeProvider>()).Read);
        services.TryAddSingleton<ConnectionDraw>(static _ => OneInTen.IsDrawn);
        services.TryAddSingleton<LoadMetrics>();
        services.TryAddSingleton<HostLoad>();
        services.TryAddSingleton<Bulkheads>();
        services.TryAddSingleton<BulkheadMetrics>();
        services.TryAddSingleton(static provider => new Admissions(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<AdmissionMetrics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RequestPriorityPolicy>, PriorityNames>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BulkheadPolicy>, PriorityNames>());
        services.TryAddSingleton<FallbackEndpoints>();
        services.TryAddSingleton<FallbackMetrics>();
        services.TryAddSingleton<IClusterSender>(static provider => provider.GetRequiredService<Forwarder>());
    }

    private static void AddConsumers(IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ConsumerOptions, ConsumerOptionsValidator>();
        services.AddOptionsWithValidateOnStart<ApiKeyOptions, ApiKeyOptionsValidator>();
        services.TryAddSingleton<ConsumerMetrics>();
        services.TryAddSingleton<ConsumerDirectory>();
        services.TryAddSingleton<IdentityMetrics>();
        services.TryAddSingleton<Guesses>();
        services.TryAddSingleton<ApiKeyChecker>();
    }

    private static void AddAccess(IServiceCollection services)
    {
        services.TryAddSingleton(static provider => new AddressFiles(
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AddressFiles>>(), provider.GetService<IHostEnvironment>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AddressPolicy>, AddressFileCheck>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AccessPolicy>, AuthorizationPolicyNames>());
    }

    private static void AddSchemes(IServiceCollection services)
    {
        services.TryAddSingleton<HostSchemes>();
        services.TryAddSingleton<SchemeLog>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<IdentityPolicy>, SchemePresence>());
        HostRefusals.AddTo(services);
    }

    private static void AddSharing(IServiceCollection services)
    {
        services.TryAddSingleton<SharingMetrics>();
        services.TryAddSingleton(static provider => new RateStoreLink(
            provider.GetService<IRateStore>(),
            provider.GetRequiredService<IOptions<ThrottlingOptions>>(),
            provider.GetRequiredService<SharingMetrics>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<RateCommits>();
        services.TryAddSingleton<SharedAllowances>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SharingStop>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ThrottlePolicy>, StorePresence>());
    }

    private static void AddQuotas(IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<QuotaOptions, QuotaOptionsValidator>();
        services.TryAddSingleton<QuotaMetrics>();
        services.TryAddSingleton<IQuotaStore, FileQuotaStore>();
        services.TryAddSingleton(static provider => new Quotas(
            new Lazy<QuotaCounter>(() => new(
                provider.GetRequiredService<IQuotaStore>(),
                new InMemoryQuotaStore(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<QuotaOptions>>()),
                provider.GetRequiredService<IOptions<QuotaOptions>>(),
                provider.GetRequiredService<TimeProvider>())),
            provider.GetRequiredService<QuotaMetrics>()));
    }

    private static void AddResilience(IServiceCollection services)
    {
        services.TryAddSingleton<CircuitTelemetry>();
        services.TryAddSingleton<EndpointCircuits>();
        services.TryAddSingleton(static provider => new GatewayCircuits(provider.GetRequiredService<EndpointCircuits>()));
        services.TryAddSingleton<EndpointResults>();
        services.TryAddSingleton<PauseDetector>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PauseDetector>(static provider => provider.GetRequiredService<PauseDetector>()));
    }

    private static void AddDiscovery(IServiceCollection services)
    {
        services.TryAddSingleton<DiscoveryTelemetry>();
        services.TryAddSingleton<DiscoveryChecks>();
        services.TryAddSingleton(static provider => new DestinationSources(
            provider.GetServices<DestinationSources.Registration>(), type => (IDestinationSource)provider.GetRequiredService(type)));
        services.TryAddSingleton<DestinationCheck>(static provider => provider.GetRequiredService<DiscoveryChecks>().FaultOf);
        services.TryAddSingleton<DestinationWatches>();
    }

    private static void AddNamedClients(IServiceCollection services)
    {
        services.TryAddSingleton<NamedClientUses>();
        services.TryAddSingleton<ClientChains>();
        services.TryAddSingleton<NamedClientChecks>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, NamedClientFilter>());
    }

    private static void AddConfiguration(IServiceCollection services)
    {
        services.TryAddSingleton<ModelTypes>();
        services.TryAddSingleton<PolicyNames>();
        services.TryAddSingleton<SectionBinder>();
        services.TryAddSingleton<AnnotationChecks>();
        services.TryAddSingleton<PolicyChecks>();
        services.TryAddSingleton<EndpointChecks>();
        services.TryAddSingleton<RouteChecks>();
        services.TryAddSingleton<DestinationTrust>();
        services.TryAddSingleton<AffinityChecks>();
        services.TryAddSingleton<CatalogChecks>();
        services.TryAddSingleton<RouteSetValidator>();
        services.TryAddSingleton<ConfigurationTelemetry>();
        services.TryAddSingleton(static provider => new GatewayConfigurationReader(provider.GetRequiredService<SectionBinder>()));
        services.TryAddSingleton(static provider => new GatewayConfigurationWriter(provider.GetRequiredService<ModelTypes>(), provider.GetRequiredService<PolicyNames>()));
        services.TryAddSingleton<GatewaySections>();
        services.TryAddSingleton<GatewayOptionsChecks>();
        services.TryAddSingleton(static provider => new SourceReader(
            [.. provider.GetRequiredService<GatewaySections>().Sources, .. provider.GetServices<IRouteSource>()], provider.GetRequiredService<ConfigurationTelemetry>()));
        services.TryAddSingleton(static provider => new GatewayConfigurator(
            provider.GetRequiredService<SourceReader>(),
            provider.GetRequiredService<RouteSetValidator>(),
            provider.GetRequiredService<SectionBinder>(),
            provider.GetRequiredService<EndpointChecks>(),
            provider.GetRequiredService<GatewayConfigurationWriter>(),
            provider.GetRequiredService<CurrentSnapshot>(),
            provider.GetRequiredService<RouteTemplates>(),
            provider.GetRequiredService<ClusterStates>(),
            provider.GetRequiredService<ConfigurationTelemetry>(),
            provider.GetRequiredService<IOptions<GatewayOptions>>().Value,
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<GatewayOptions>, ConfiguredGatewayOptions>());
    }
}
