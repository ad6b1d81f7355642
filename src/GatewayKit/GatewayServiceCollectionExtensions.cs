using GatewayKit;
using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.Diagnostics;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using GatewayKit.Throttling;
using GatewayKit.Transforms;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the gateway to a host.</summary>
public static class GatewayServiceCollectionExtensions
{
    /// <summary>Adds the gateway. Calling it again is harmless and returns a builder for the same gateway.</summary>
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
        services.TryAddSingleton<PipelineComposer>();
        services.TryAddSingleton<HostPipeline>();
        services.TryAddSingleton<PipelineRunner>();
        services.TryAddSingleton(static provider => new GatewayInspector(provider.GetRequiredService<EndpointDataSource>()));
        services.TryAddSingleton<PipelineLog>();

        services.TryAddSingleton<ClusterStates>();
        services.TryAddSingleton<UpstreamHandlers>();
        services.TryAddSingleton<ExchangeClocks>();
        services.TryAddSingleton<ForwardMetrics>();
        services.TryAddSingleton(static provider => new Forwarder(
            provider.GetRequiredService<ClusterStates>(),
            new RequestHead(provider.GetRequiredService<IOptions<GatewayOptions>>().Value),
            provider.GetRequiredService<ExchangeClocks>(),
            provider.GetRequiredService<ForwardMetrics>()));
        services.TryAddSingleton<CurrentSnapshot>();
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
        services.TryAddSingleton(static provider => new GatewayConfigurator(
            provider.GetServices<IRouteSource>(),
            provider.GetRequiredService<CurrentSnapshot>(),
            provider.GetRequiredService<ClusterStates>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, GatewayStartup>());

        services.AddOptionsWithValidateOnStart<ThrottlingOptions, ThrottlingOptionsValidator>();
        services.TryAddSingleton<ThrottlingMetrics>();
        services.TryAddSingleton<ThrottleAllowances>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TransformPolicy>>(TransformPolicyValidator.Instance));
        return new GatewayBuilder(services)
            .AddPolicy<ThrottlePolicy, ThrottlingFilterFactory>("Throttle")
            .AddPolicy<TransformPolicy, TransformFilterFactory>("Transforms");
    }
}
