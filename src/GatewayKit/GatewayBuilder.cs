using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Configuration;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Shedding;
using GatewayKit.Routing;
using GatewayKit.Secrets;
using GatewayKit.Throttling.RateLimiters;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Polly;

namespace GatewayKit;

/// <summary>What <c>AddApiGateway()</c> returns: capabilities, route sources and clusters are added to it.</summary>
public sealed class GatewayBuilder
{
    internal GatewayBuilder(IServiceCollection services) => Services = services;

    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Adds a policy: from now on <typeparamref name="TPolicy"/> works on every endpoint, and <paramref name="name"/> is a key of routes and defaults in JSON.</summary>
    /// <typeparam name="TPolicy">The record that says what an endpoint asks for.</typeparam>
    /// <typeparam name="TFactory">What serves it; a singleton.</typeparam>
    /// <param name="name">Its name in JSON, logs, metrics and records: a word in Pascal case. Adding the same pair under the same name again is harmless.</param>
    /// <exception cref="InvalidOperationException">The name or the policy is registered otherwise.</exception>
    public GatewayBuilder AddPolicy<
        [DynamicallyAccessedMembers(PolicyRegistration.Bound)] TPolicy,
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TFactory>(string name)
        where TPolicy : class, IGatewayPolicy
        where TFactory : GatewayFilterFactory<TPolicy>
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var registration = new PolicyRegistration(name, typeof(TPolicy), typeof(TFactory), PolicyRegistration.ValidateAs<TPolicy>);
        foreach (var known in Services.Select(static service => service.ImplementationInstance).OfType<PolicyRegistration>())
        {
            if (known == registration)
            {
                return this;
            }

            if (known.PolicyType == registration.PolicyType || string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"Policy {typeof(TPolicy).Name} cannot be added as '{name}': {known.PolicyType.Name} is registered as '{known.Name}'.");
            }
        }

        Services.AddSingleton(registration);
        Services.TryAddSingleton<TFactory>();
        return this;
    }

    /// <summary>Adds clusters from code.</summary>
    public GatewayBuilder AddClusters(params IEnumerable<Cluster> clusters) => Contribute(new() { Clusters = [.. clusters] });

    /// <summary>Adds a cluster from code.</summary>
    /// <param name="id">The name that routes refer to.</param>
    /// <param name="addresses">The addresses of its destinations, such as <c>http://10.0.0.5:8080</c>; they get the ids 1, 2, 3 …</param>
    /// <exception cref="UriFormatException">An address is not absolute.</exception>
    public GatewayBuilder AddCluster(string id, params IEnumerable<string> addresses) => AddClusters(new Cluster
    {
        Id = id,
        Destinations = ValueMap<Destination>.From(addresses.Select(static (address, index) =>
            KeyValuePair.Create((index + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), new Destination { Address = new Uri(address) }))),
    });

    /// <summary>Adds routes from code. They are served by <c>MapGatewayRoutes()</c> like those from configuration.</summary>
    public GatewayBuilder AddRoutes(params IEnumerable<GatewayRoute> routes) => Contribute(new() { Routes = [.. routes] });

    /// <summary>Adds policies of every gateway route that does not say otherwise.</summary>
    public GatewayBuilder AddDefaults(params IEnumerable<IGatewayPolicy> policies) => Contribute(new() { Defaults = [.. policies] });

    /// <summary>
    /// Refuses requests while this process has too much to do, those of the lowest class first: a <see cref="LoadSheddingPolicy"/> for every gateway route. Endpoints of the
    /// host take part by <c>WithLoadShedding()</c>.
    /// </summary>
    /// <param name="configure">When there is too much to do. Default: the defaults of <see cref="LoadSheddingOptions"/>.</param>
    public GatewayBuilder AddLoadShedding(Action<LoadSheddingOptions>? configure = null)
    {
        if (configure is not null)
        {
            Services.Configure(configure);
        }

        return AddDefaults(new LoadSheddingPolicy());
    }

    /// <summary>Adds a source of routes and clusters, created from DI.</summary>
    public GatewayBuilder AddRouteSource<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class, IRouteSource
    {
        Services.TryAddSingleton<T>();
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IRouteSource, T>(static services => services.GetRequiredService<T>()));
        return this;
    }

    /// <summary>Adds plans, products and consumers from code.</summary>
    /// <param name="plans">What subscriptions grant.</param>
    /// <param name="products">Routes that are offered together.</param>
    /// <param name="consumers">Who may call.</param>
    public GatewayBuilder AddConsumers(IEnumerable<Consumer> consumers, IEnumerable<Plan>? plans = null, IEnumerable<Product>? products = null) =>
        Contribute(new() { Consumers = [.. consumers], Plans = [.. plans ?? []], Products = [.. products ?? []] });

    /// <summary>Adds a store of consumers, created from DI. It is asked for what the configuration does not know, in the order in which stores were added.</summary>
    /// <typeparam name="T">The store; a singleton.</typeparam>
    public GatewayBuilder AddConsumerStore<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
        where T : class, IConsumerStore
    {
        Services.TryAddSingleton<T>();
        Services.TryAddEnumerable(ServiceDescriptor.Singleton<IConsumerStore, T>(static services => services.GetRequiredService<T>()));
        return this;
    }

    /// <summary>Adds a source of destinations, created from DI when a cluster names it.</summary>
    /// <typeparam name="T">The source; a singleton.</typeparam>
    /// <param name="name">What clusters write as <see cref="ClusterDiscovery.Source"/>; case is ignored. Adding the same source under the same name again is harmless.</param>
    /// <exception cref="InvalidOperationException">The name is another source's.</exception>
    public GatewayBuilder AddDestinationSource<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(string name)
        where T : class, IDestinationSource
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var known = Services.Select(static service => service.ImplementationInstance).OfType<DestinationSources.Registration>()
            .FirstOrDefault(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase));
        if (known is null)
        {
            Services.AddSingleton(new DestinationSources.Registration(name, typeof(T)));
            Services.TryAddSingleton<T>();
        }
        else if (known.Type != typeof(T))
        {
            throw new InvalidOperationException($"Destination source {typeof(T).Name} cannot be added as '{name}': that is {known.Type.Name}. Give it another name.");
        }

        return this;
    }

    /// <summary>Adds a limiter of <c>System.Threading.RateLimiting</c> that endpoints and the configuration may name (<c>"RateLimiter": { "Limiter": "name" }</c>).</summary>
    /// <param name="name">What they call it; case is ignored. The last limiter of a name counts.</param>
    /// <param name="create">Makes it when the first endpoint asks for it. The gateway disposes what it returns.</param>
    public GatewayBuilder AddRateLimiter(string name, Func<IServiceProvider, PartitionedRateLimiter<HttpContext>> create)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(create);
        Services.AddSingleton(new RateLimiterRegistry.Registration(name, create));
        return this;
    }

    /// <summary>Adds a limiter of <c>System.Threading.RateLimiting</c> that is the same for all requests.</summary>
    /// <param name="name">What endpoints and the configuration call it; case is ignored. The last limiter of a name counts.</param>
    /// <param name="create">Makes it when the first endpoint asks for it. The gateway disposes what it returns.</param>
    public GatewayBuilder AddRateLimiter(string name, Func<IServiceProvider, RateLimiter> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        return AddRateLimiter(name, services => new SameForAll(create(services)));
    }

    /// <summary>
    /// Puts a handler in place of the connections of a cluster, such as an in-memory server in tests. The last call for a cluster counts,
    /// so a test overrides what the host set by calling <c>AddApiGateway().UseUpstreamHandler(…)</c> after it.
    /// </summary>
    /// <param name="clusterId">The cluster; case is ignored.</param>
    /// <param name="create">Makes the handler; called when the cluster is set up. The gateway disposes what it returns.</param>
    public GatewayBuilder UseUpstreamHandler(string clusterId, Func<HttpMessageHandler> create)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(clusterId);
        ArgumentNullException.ThrowIfNull(create);
        Services.AddSingleton(new UpstreamHandlers.Replacement(clusterId, create));
        return this;
    }

    /// <summary>
    /// Runs strategies of Polly around each attempt at a destination of a cluster, innermost: from sending the request to the head of the answer.
    /// The gateway's own retries and circuit breaker run around them and see what they make of an attempt. A strategy gets an answer, or the
    /// exceptions of <see cref="HttpClient"/>; a body that was sent cannot be sent by it a second time.
    /// </summary>
    /// <param name="clusterId">The cluster; case is ignored. Several calls for one add up, the first outermost.</param>
    /// <param name="configure">Adds the strategies. Called once, when the first request needs them.</param>
    public GatewayBuilder ConfigureAttempts(string clusterId, Action<ResiliencePipelineBuilder<AttemptResult>> configure)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(clusterId);
        ArgumentNullException.ThrowIfNull(configure);
        Services.AddSingleton(new AttemptStrategies.Configuration(clusterId, configure));
        return this;
    }

    /// <summary>
    /// Makes the start of this host a check, as in a build or before a deployment: the host starts to find out whether it could, on a server that listens nowhere. The audit journal is not opened and nothing is written in its
    /// directory, so that a gateway may run on it meanwhile; its settings, its keys and what <c>Strict</c> demands are checked as at any other start. What lies in the directory, such as a damage, is not looked at.
    /// A host that is told this and serves records nothing.
    /// </summary>
    public GatewayBuilder CheckOnly()
    {
        Services.TryAddSingleton<CheckedStart>();
        return this;
    }

    /// <summary>
    /// Has the start fail, with all other errors of the configuration, where a secret is not there or is too short: for what is added by code and would do nothing without it, such as a sink of audit records. While the host runs
    /// a secret is read by <see cref="SecretReference.Open"/>.
    /// </summary>
    /// <param name="owner">What needs it, as the message names it: <c>Audit sink 'archive'</c>.</param>
    /// <param name="setting">The setting that says where it is.</param>
    /// <param name="secret">Where it is.</param>
    /// <param name="leastBytes">How many bytes it has at least, in UTF-8. Default 1.</param>
    public GatewayBuilder RequireSecret(string owner, string setting, SecretReference secret, int leastBytes = 1)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(owner);
        ArgumentException.ThrowIfNullOrWhiteSpace(setting);
        ArgumentNullException.ThrowIfNull(secret);
        Services.AddSingleton(new RequiredSecret(owner, setting, secret, leastBytes));
        return this;
    }

    private GatewayBuilder Contribute(RouteSet set)
    {
        Services.AddSingleton(new CodeRouteSource.Contribution(set));
        return this;
    }
}
