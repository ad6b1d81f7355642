using GatewayKit.Identity.Access;
using GatewayKit.Identity.AnyOf;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Certificates;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Configuration;

/// <summary>Checks that rules of access have what they go by: a caller, and the value of the path.</summary>
internal static class AccessChecks
{
    public static IEnumerable<ConfigurationError> Check(IEnumerable<Endpoint> endpoints, PolicyPlaces places, IServiceProvider services)
    {
        var authenticates = new Lazy<bool>(() => HasDefaultScheme(services));
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Metadata.GetMetadata<GatewayPipeline>() is not { } pipeline || pipeline.Steps.FirstOrDefault(static step => step.Policy is AccessPolicy) is not { Policy: AccessPolicy policy } step)
            {
                continue;
            }

            var path = ModelPath.Join(places.PathOf(endpoint, policy), step.Name);
            if ((policy.NeedsCaller || policy.Candidate is { NeedsCaller: true }) && !pipeline.Steps.Any(static other => other.Policy is IIdentityPolicy { FindsCaller: true }) && endpoint.Metadata.GetMetadata<IAuthorizeData>() is null && !authenticates.Value)
            {
                yield return new(path, $"It asks what the caller may, but nothing on '{endpoint.DisplayName}' finds out who is calling. Add ApiKey, Identity or another policy that does, or have the host authenticate (AddAuthentication() with a default scheme).");
            }

            foreach (var tenant in new[] { policy.Tenant, policy.Candidate?.Tenant }.OfType<TenantRule>())
            {
                if ((endpoint as RouteEndpoint)?.RoutePattern.GetParameter(tenant.RouteValue) is null)
                {
                    yield return new(
                        ModelPath.Join(path, [nameof(AccessPolicy.Tenant), nameof(TenantRule.RouteValue)]),
                        $"'{endpoint.DisplayName}' has no parameter '{tenant.RouteValue}' in its path, so that nobody could pass. Name one that it has.");
                }
            }
        }
    }

    /// <summary>Checks that the plans and consumers are there that rules name: nobody could be who is misspelled.</summary>
    /// <param name="endpoints">The endpoints, also those that stay: a reload can take a plan from them.</param>
    /// <param name="catalog">What the configuration says.</param>
    /// <param name="places">Where policies were written.</param>
    /// <param name="services">Where stores of consumers are, who may know others.</param>
    public static IEnumerable<ConfigurationError> CheckNames(IEnumerable<Endpoint> endpoints, ConsumerCatalog catalog, PolicyPlaces places, IServiceProvider services)
    {
        var plans = new Lazy<HashSet<string>>(() => catalog.Plans.Select(static plan => plan.Id).ToHashSet(StringComparer.OrdinalIgnoreCase));
        var consumers = new Lazy<HashSet<string>>(() => catalog.Consumers.Select(static consumer => consumer.Id).ToHashSet(StringComparer.Ordinal));
        var hasStore = services.GetService<IServiceProviderIsService>()?.IsService(typeof(IConsumerStore)) is true;
        var (plansOf, consumersOf) = (new HashSet<AccessPolicy>(ReferenceEqualityComparer.Instance), new HashSet<AccessPolicy>(ReferenceEqualityComparer.Instance));
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Metadata.GetMetadata<GatewayPipeline>() is not { } pipeline || pipeline.Steps.FirstOrDefault(static step => step.Policy is AccessPolicy) is not { Policy: AccessPolicy policy } step)
            {
                continue;
            }

            foreach (var (rules, key) in new[] { (policy, string.Empty), (policy.Candidate, nameof(policy.Candidate)) })
            {
                // Each policy once: one on a group is on all its endpoints.
                foreach (var plan in rules is { Plans.Count: > 0 } && plansOf.Add(rules) ? rules.Plans.Where(plan => !plans.Value.Contains(plan)) : [])
                {
                    yield return new(PathOf(key, nameof(rules.Plans)), Missing("plan", plan, plans.Value, nameof(RouteSet.Plans)));
                }

                foreach (var consumer in rules is { Consumers.Count: > 0 } && !hasStore && FindsKnownOnly(pipeline) && consumersOf.Add(rules) ? rules.Consumers.Where(consumer => !consumers.Value.Contains(consumer)) : [])
                {
                    yield return new(PathOf(key, nameof(rules.Consumers)), Missing("consumer", consumer, consumers.Value, nameof(RouteSet.Consumers)));
                }
            }

            string PathOf(string candidate, string property) =>
                ModelPath.Join(places.PathOf(endpoint, policy), candidate.Length == 0 ? [step.Name, property] : [step.Name, candidate, property]);
        }

        static string Missing(string kind, string id, IEnumerable<string> known, string section) =>
            $"There is no {kind} '{id}'. {(NearestName.Of(id, known) is { } nearest ? $"Did you mean '{nearest}'?" : $"Add it under {section}, or name one that is there.")}";
    }

    // Of callers whom others vouch for nobody has a list.
    private static bool FindsKnownOnly(GatewayPipeline pipeline)
    {
        var ways = pipeline.Steps.Select(static step => step.Policy).OfType<IIdentityPolicy>().Where(static policy => policy.FindsCaller).ToArray();
        return ways.Length > 0 && ways.All(FindsKnownOnly);
    }

    private static bool FindsKnownOnly(IIdentityPolicy policy) => policy switch
    {
        AnyOfPolicy anyOf => anyOf.Policies.All(FindsKnownOnly),
        IdentityPolicy identity => identity.RequireRegistered,
        CertificatePolicy certificate => certificate.RequireRegistered,
        ExternalAuthorizationPolicy external => external.RequireRegistered,
        IntrospectionPolicy introspection => introspection.RequireRegistered,
        _ => policy is ApiKeyPolicy,
    };

    // Asked at start and on reload; the framework's own provider has it at hand.
    private static bool HasDefaultScheme(IServiceProvider services) =>
        services.GetService<IAuthenticationSchemeProvider>()?.GetDefaultAuthenticateSchemeAsync().GetAwaiter().GetResult() is not null;
}
