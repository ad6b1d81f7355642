using System.Diagnostics.Metrics;
using GatewayKit.Configuration;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.Schemes;
using GatewayKit.Identity.Upstream;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Routing;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Concurrency;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.RateLimiters;
using GatewayKit.Throttling.Replay;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace GatewayKit;

/// <summary>A gateway of which nothing is started: its services on a clock of their own, and the limits of its routes.</summary>
internal sealed class LimitReplayHost : IAsyncDisposable
{
    private readonly ReplayClock _clock = new();
    private readonly ServiceProvider _services;
    private IReadOnlyList<ReplayEndpoint> _endpoints = [];

    private LimitReplayHost(IConfiguration? section, LimitReplayOptions options)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        var builder = section is null ? services.AddApiGateway() : services.AddApiGateway(section);
        options.Configure?.Invoke(builder);

        // After the host's: no other clock, no file, no store that has to be there, nothing that is told of what happened long ago, and no fields for clients that are not there.
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(_clock));
        services.Replace(ServiceDescriptor.Singleton<IQuotaStore, InMemoryQuotaStore>());
        services.Replace(ServiceDescriptor.Singleton<IMeterFactory, SilentMeters>());
        services.RemoveAll<IQuotaObserver>();
        services.Remove(services.First(static service => service.ImplementationType == typeof(StorePresence)));

        // Nobody is asked who calls, and no secret is shown to anybody.
        foreach (var check in (Type[])[typeof(SchemePresence), typeof(IntrospectionSecretPresence), typeof(UpstreamSecretsPresence)])
        {
            services.Remove(services.First(service => service.ImplementationType == check));
        }

        services.Configure<ThrottlingOptions>(throttling => throttling.MaxKeys = options.MaxKeys);
        services.Configure<QuotaOptions>(quotas => quotas.MaxKeys = options.MaxKeys);
        services.PostConfigure<GatewayOptions>(static gateway => gateway.RateLimitHeaders = RateLimitHeaders.None);
        builder.AddPolicy<RecordedCallerPolicy, RecordedCallerFilterFactory>("RecordedCaller");
        services.AddSingleton<RecordedPlans>(static provider => (product, plan) => provider.GetRequiredService<ConsumerDirectory>().Catalog is var catalog && plan is null ? null
            : product is null ? catalog.FindPlan(plan) : catalog.FindPlan(product, plan!));
        _services = services.BuildServiceProvider();
    }

    /// <summary>The limits of a configuration, which is checked as at a start.</summary>
    /// <exception cref="GatewayConfigurationException">It cannot be used.</exception>
    public static async Task<LimitReplayHost> CreateAsync(IConfiguration section, LimitReplayOptions options, CancellationToken cancellationToken)
    {
        var host = new LimitReplayHost(section, options);
        try
        {
            await host.LoadAsync(cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The limits of endpoints that were built elsewhere.</summary>
    public static LimitReplayHost Of(IReadOnlyList<GatewayPipeline> pipelines, LimitReplayOptions options)
    {
        var host = new LimitReplayHost(section: null, options);
        if (options.Snapshot is { } snapshot)
        {
            host.Use(snapshot.Plans, snapshot.Products);
        }

        host._endpoints =
        [
            .. pipelines.DistinctBy(static pipeline => pipeline.Endpoint.RouteId, StringComparer.OrdinalIgnoreCase)
                .Select(pipeline => host.Compose(pipeline.Endpoint.Pattern ?? string.Empty, pipeline.Endpoint.RouteId, pipeline.Endpoint.Metadata, out _)),
        ];
        return host;
    }

    public ReplayRun CreateRun() => new(_clock, _endpoints, _services.GetRequiredService<PipelineOutcomes>());

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var reader = _services.GetRequiredService<SourceReader>();
        List<ConfigurationError> errors =
        [
            .. AbsentSections.Check(reader.Sources, expectsRoutes: true, _services.GetRequiredService<ConfigurationTelemetry>()),
            .. _services.GetRequiredService<GatewayOptionsChecks>().Check(_services.GetRequiredService<IOptions<GatewayOptions>>().Value),
            .. await _services.GetRequiredService<GatewayConfigurator>().ValidateAsync(cancellationToken).ConfigureAwait(false),
        ];
        var sets = errors.Count > 0 ? [] : await reader.ReadAsync(new Dictionary<IRouteSource, RouteSet>(), errors, cancellationToken).ConfigureAwait(false);
        if (errors.Count == 0)
        {
            var built = new List<Endpoint>();
            var merged = RouteSet.Merge(sets.Select(static set => set.Set));
            Use(merged.Plans, merged.Products);
            _endpoints = [.. merged.Routes.Select(route => Compose(route, merged.Defaults, built))];
            errors.AddRange(EndpointChecks.CheckLimits(built, new PolicyPlaces(sets)));
        }

        if (errors.Count > 0)
        {
            throw new GatewayConfigurationException(errors);
        }
    }

    // Of a route with several paths, one stands for all: they share their limits.
    private ReplayEndpoint Compose(GatewayRoute route, IReadOnlyList<IGatewayPolicy> defaults, List<Endpoint> built)
    {
        var endpoint = Compose(GatewayEndpointFactory.PathsOf(route)[0], route.Id, [route, .. defaults, .. route.Policies], out var builder);
        built.Add(builder.Build());
        return endpoint;
    }

    private ReplayEndpoint Compose(string pattern, string routeId, IEnumerable<object> metadata, out RouteEndpointBuilder builder)
    {
        builder = new RouteEndpointBuilder(static _ => Task.CompletedTask, RoutePatternFactory.Parse(pattern), order: 0) { DisplayName = routeId };
        var omitted = new List<string>();
        foreach (var item in metadata.Where(static item => item is not GatewayPipeline))
        {
            builder.Metadata.Add(item);
        }

        // Which of them count is decided among all; those that are no limits run elsewhere.
        var effective = EffectivePolicies.Of(builder.Metadata).Ordered.ToHashSet(ReferenceEqualityComparer.Instance);
        var asksWho = effective.Any(static policy => policy is IIdentityPolicy { FindsCaller: true });
        for (var i = builder.Metadata.Count - 1; i >= 0; i--)
        {
            if (builder.Metadata[i] is IGatewayPolicy policy and not PlanPolicy && !(effective.Contains(policy) && IsReplayed(policy, omitted)))
            {
                builder.Metadata.RemoveAt(i);
            }
            else if (builder.Metadata[i] is ThrottlePolicy throttle)
            {
                builder.Metadata[i] = Alone(throttle);
            }
        }

        if (asksWho)
        {
            builder.Metadata.Add(new RecordedCallerPolicy());
        }

        var chain = _services.GetRequiredService<PipelineComposer>().Compose(builder, ReplayRequest.AnswerAsync, out var pipeline);
        var writer = _services.GetRequiredService<GatewayConfigurationWriter>();
        return new(pipeline, chain, [.. pipeline.Steps.Select(step => writer.Write(step.Policy))], omitted);
    }

    private void Use(IReadOnlyList<Plan> plans, IReadOnlyList<Product> products) => _services.GetRequiredService<ConsumerDirectory>().PutInForce(new(
        [.. plans.Select(static plan => plan with { Policies = [.. plan.Policies.Select(Alone)] })],
        [.. products.Select(static product => product with { Policies = [.. product.Policies.Select(Alone)] })],
        []));

    private static IPlanLimit Alone(IPlanLimit limit) => limit is ThrottlePolicy throttle ? Alone(throttle) : limit;

    // Live requests take from the store of a shared rate. The records are those of all instances, so that one that has all of the rate decides as they do together.
    private static ThrottlePolicy Alone(ThrottlePolicy policy) =>
        policy with { Sharing = RateSharing.Local, OnStoreFailure = default, Candidate = policy.Candidate is { } candidate ? Alone(candidate) : null };

    // A place that comes free for one who waits makes its time another one than was recorded, and what a limit that adapts would have learnt is in no record.
    private static bool IsReplayed(IGatewayPolicy policy, List<string> omitted)
    {
        switch (policy)
        {
            case ThrottlePolicy or ConcurrencyPolicy or QuotaPolicy or PlanPolicy:
                return true;
            case BulkheadPolicy { Adaptive.Mode: not PolicyMode.Off }:
                omitted.Insert(0, $"Bulkhead of {MaxInFlight(policy)} with Adaptive: what it learns depends on what it lets in.");
                return false;
            case BulkheadPolicy { Queue: > 0 }:
                omitted.Insert(0, $"Bulkhead of {MaxInFlight(policy)} with Queue: those that wait would take another time than was recorded.");
                return false;
            case RateLimiterPolicy other:
                omitted.Insert(0, $"RateLimiter '{other.Limiter}': it goes by real time.");
                return false;
            default:
                return policy is BulkheadPolicy;
        }

        static string MaxInFlight(IGatewayPolicy policy) => ((BulkheadPolicy)policy).MaxInFlight.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
