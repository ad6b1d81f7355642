using GatewayKit.Identity;
using GatewayKit.Identity.Access;
using GatewayKit.Identity.AnyOf;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.SelfService;

/// <summary>A route, or an endpoint of the host, that asks who is calling: who may call it, and which limits of its own it has for each of them.</summary>
internal sealed class SelfServicePlace
{
    private readonly IIdentityPolicy[] _ways;
    private readonly AccessRules[] _rules;
    private readonly bool _isForOthersToSay;

    /// <param name="endpoints">Its endpoints, one for each of its paths.</param>
    /// <param name="pipeline">What runs on them.</param>
    /// <param name="registry">What serves its limits.</param>
    /// <param name="time">The clock of hours, which is not looked at here.</param>
    public SelfServicePlace(IReadOnlyList<RouteEndpoint> endpoints, GatewayPipeline pipeline, PolicyRegistry registry, TimeProvider time)
    {
        Endpoint = pipeline.Endpoint;
        IGatewayPolicy[] enforced = [.. pipeline.Steps.Select(static step => step.Policy).Where(static policy => policy.Mode is PolicyMode.Enforce)];
        _ways = [.. enforced.OfType<IIdentityPolicy>()];
        AccessPolicy[] access = [.. enforced.OfType<AccessPolicy>()];
        _rules = [.. access.Select(policy => new AccessRules(policy, Endpoint, AccessRules.Forbidden("unknown"), time))];

        // What a service or a policy of the host decides, it decides of a request. Nobody is told that he may what he perhaps may not.
        _isForOthersToSay = enforced.Any(static policy => policy is ExternalAuthorizationPolicy)
            || (endpoints[0].Metadata.GetMetadata<IAuthorizeData>() is not null && endpoints[0].Metadata.GetMetadata<IAllowAnonymous>() is null)
            || endpoints[0].Metadata.GetMetadata<AuthorizationPolicy>() is not null;
        Limits =
        [
            .. enforced.Where(static policy => policy is { EnforcePercent: 100 } and IPlanLimit and IPartitionedPolicy { CallerKey: ThrottlePartition { IsOfConsumerAlone: true } })
                .Select(policy => (registry.FactoryOf(policy) as ILimitReaders)?.ReaderOf(policy, Endpoint)).OfType<LimitReader>(),
        ];
        Paths = [.. endpoints.Select(static endpoint => endpoint.RoutePattern.RawText ?? "/").Distinct(StringComparer.OrdinalIgnoreCase)];
        Methods = MethodsOf(endpoints[0].Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods, access);
        Hosts = endpoints[0].Metadata.GetMetadata<IHostMetadata>() is { Hosts.Count: > 0 } hosts ? hosts.Hosts : null;
    }

    public GatewayEndpoint Endpoint { get; }

    public IReadOnlyList<string> Paths { get; }

    /// <summary>The methods that it takes; <see langword="null"/> if those are all.</summary>
    public IReadOnlyList<string>? Methods { get; }

    /// <summary>The hosts that it is there for; <see langword="null"/> if those are all.</summary>
    public IReadOnlyList<string>? Hosts { get; }

    /// <summary>Reads the limits that it has for each consumer alone. Others would tell of other callers.</summary>
    public IReadOnlyList<LimitReader> Limits { get; }

    /// <summary>Whether somebody may call it as far as that does not depend on the request. Whoever it is for its product is known.</summary>
    /// <param name="consumer">Who.</param>
    /// <param name="holder">Whose credentials count; <see langword="null"/> for one whom no store knows.</param>
    /// <param name="shown">The ways in which the caller may just have been found.</param>
    public bool Admits(GatewayConsumer consumer, ICredentialHolder? holder, IReadOnlyCollection<IIdentityPolicy> shown)
    {
        if (_isForOthersToSay || Methods is { Count: 0 })
        {
            return false;
        }

        foreach (var way in _ways)
        {
            if (way is AnyOfPolicy any ? !any.Policies.Any(one => Admits(one, consumer, holder, shown)) : !Admits(way, consumer, holder, shown))
            {
                return false;
            }
        }

        return _rules.All(rule => rule.Admits(consumer));
    }

    /// <summary>The ways in which an endpoint finds out who calls.</summary>
    public static IReadOnlyCollection<IIdentityPolicy> WaysOf(GatewayPipeline pipeline) =>
        [.. pipeline.Steps.Select(static step => step.Policy).OfType<IIdentityPolicy>().SelectMany(static way => way is AnyOfPolicy any ? any.Policies : (IEnumerable<IIdentityPolicy>)[way])];

    // A way of somebody's own tells nothing of what it asks, and finds no credential of a store: who has not just come by it may have nothing to come with.
    private static bool Admits(IIdentityPolicy way, GatewayConsumer consumer, ICredentialHolder? holder, IReadOnlyCollection<IIdentityPolicy> shown) => way is ICredentialTerms terms
        ? (consumer.IsRegistered || !terms.RequireRegistered) && Has(holder, terms.Kind) && terms.Scopes.All(consumer.HasScope)
        : holder is null && shown.Any(one => one.GetType() == way.GetType());

    // Others may vouch for one who has no identity in a store, but not for one who is known by keys alone.
    private static bool Has(ICredentialHolder? holder, CredentialKind kind) => kind switch
    {
        CredentialKind.ApiKey => holder is { Keys.Count: > 0 },
        CredentialKind.SigningKey => holder is { SigningKeys.Count: > 0 },
        _ => holder is null or { Identities.Count: > 0 },
    };

    private static IReadOnlyList<string>? MethodsOf(IReadOnlyList<string>? taken, AccessPolicy[] access)
    {
        foreach (var policy in access.Where(static policy => policy.Methods.Count > 0))
        {
            taken = taken is { Count: > 0 } ? [.. taken.Intersect(policy.Methods, StringComparer.OrdinalIgnoreCase)] : policy.Methods;
        }

        return taken is { Count: > 0 } || access.Any(static policy => policy.Methods.Count > 0) ? taken : null;
    }
}
