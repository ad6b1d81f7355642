using GatewayKit.Identity.AnyOf;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Fallbacks;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>Checks policies: their annotations, what the host's validators say, and that one slot holds one.</summary>
internal sealed class PolicyChecks(AnnotationChecks annotations, PolicyNames names, IServiceProvider services)
{
    /// <param name="policies">What is checked.</param>
    /// <param name="path">What errors' paths start with.</param>
    /// <param name="clusters">The ids of all clusters; <see langword="null"/> if some may be missing.</param>
    /// <param name="report">Takes the errors.</param>
    public void Check(IReadOnlyList<IGatewayPolicy> policies, string path, IReadOnlySet<string>? clusters, Report report)
    {
        if (policies is { Count: 0 })
        {
            return;
        }

        var slots = new HashSet<object>();
        foreach (var policy in policies ?? [])
        {
            if (policy is null)
            {
                report(path, "A policy is null. Remove it.");
                continue;
            }

            if (!names.TryGet(policy.GetType(), out var registration))
            {
                report(ModelPath.Join(path, policy.GetType().Name), $"{PolicyRegistry.DescribeMissing(policy)} {names.Describe()}");
                continue;
            }

            var policyPath = ModelPath.Join(path, registration.Name);
            if (!slots.Add(policy.Slot))
            {
                report(policyPath, $"{registration.Name} is there twice for the same purpose; only one would count. Remove one.");
            }

            if (CheckOne(policy, registration, policyPath, clusters, report))
            {
                CheckModes(policy, policyPath, report);
            }
        }
    }

    /// <summary>Checks the policies in effect on these endpoints, wherever they were added: a <c>With…</c> call has no other check than its own.</summary>
    public IEnumerable<ConfigurationError> Check(IEnumerable<Endpoint> endpoints)
    {
        var errors = new List<ConfigurationError>();
        foreach (var (endpoint, step) in StepsOf(endpoints))
        {
            if (names.TryGet(step.Policy.GetType(), out var registration))
            {
                CheckOne(step.Policy, registration, ModelPath.Join(endpoint.DisplayName ?? "(unnamed endpoint)", step.Name), clusters: null, (path, message) => errors.Add(new(path, message)));
            }
        }

        return errors;
    }

    /// <summary>What a policy is called.</summary>
    public string NameOf(IGatewayPolicy policy) => names.TryGet(policy.GetType(), out var registration) ? registration.Name : policy.GetType().Name;

    /// <summary>Checks that all clusters are there that the policies in effect on these endpoints name.</summary>
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="clusters">The ids of all clusters.</param>
    /// <param name="places">Where policies were written.</param>
    public static IEnumerable<ConfigurationError> CheckClusters(IEnumerable<Endpoint> endpoints, IReadOnlySet<string> clusters, PolicyPlaces places)
    {
        var errors = new List<ConfigurationError>();
        foreach (var (endpoint, step) in StepsOf(endpoints))
        {
            if (step.Policy is INamesClusters naming && !Know(clusters, naming))
            {
                CheckClusters(naming, ModelPath.Join(places.PathOf(endpoint, step.Policy), step.Name), clusters, (path, message) => errors.Add(new(path, message)));
            }
        }

        return errors;
    }

    /// <summary>Whether all clusters are there that policies name: what other changes can take from them.</summary>
    public static bool Know(IReadOnlySet<string> clusters, IReadOnlyList<IGatewayPolicy> policies)
    {
        for (var i = 0; i < policies.Count; i++)
        {
            if (policies[i] is INamesClusters naming && !Know(clusters, naming))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Know(IReadOnlySet<string> clusters, INamesClusters naming) => naming.Clusters.All(named => clusters.Contains(named.Cluster));

    private static void CheckClusters(INamesClusters naming, string path, IReadOnlySet<string>? clusters, Report report)
    {
        foreach (var (property, cluster) in naming.Clusters)
        {
            ClusterNames.Check(cluster, clusters, ModelPath.Join(path, property), report);
        }
    }

    // Each policy once: one on a group is on all its endpoints.
    private static IEnumerable<(Endpoint Endpoint, GatewayPipelineStep Step)> StepsOf(IEnumerable<Endpoint> endpoints)
    {
        var seen = new HashSet<IGatewayPolicy>(ReferenceEqualityComparer.Instance);
        foreach (var endpoint in endpoints)
        {
            foreach (var step in endpoint.Metadata.Last<GatewayPipeline>()?.Steps ?? [])
            {
                if (seen.Add(step.Policy))
                {
                    yield return (endpoint, step);
                }
            }
        }
    }

    // Of what is in code only the pipeline finds it out by itself.
    private static void CheckModes(IGatewayPolicy policy, string path, Report report)
    {
        foreach (var (key, message) in ModeFaults.Of(policy))
        {
            report(ModelPath.Join(path, key), message);
        }
    }

    // Whether the annotations hold.
    private bool CheckOne(IGatewayPolicy policy, PolicyRegistration registration, string path, IReadOnlySet<string>? clusters, Report report)
    {
        var sound = true;
        var usable = annotations.Check(policy, path, (where, message) =>
        {
            sound = false;
            report(where, message);
        });

        if (usable && policy is INamesClusters naming)
        {
            CheckClusters(naming, path, clusters, report);
        }

        if (usable && policy is FallbackPolicy { Mode: not PolicyMode.Off, Answer: { } answer })
        {
            ResponseChecks.Check(answer, ModelPath.Join(path, nameof(FallbackPolicy.Answer)), report);
        }

        foreach (var method in usable && sound && policy is AnyOfPolicy anyOf ? anyOf.Policies : [])
        {
            if (names.TryGet(method.GetType(), out var way))
            {
                Validate(method, way, ModelPath.Join(path, way.Name), report);
            }
        }

        // Generated validators repeat the annotations: they are asked when those hold.
        if (usable && sound)
        {
            Validate(policy, registration, path, report);

            foreach (var failure in policy.Candidate is { } candidate && candidate.GetType() == policy.GetType() ? registration.Validate(services, candidate) : [])
            {
                report(ModelPath.Join(path, nameof(policy.Candidate)), failure);
            }
        }

        return usable && sound;
    }

    private void Validate(IGatewayPolicy policy, PolicyRegistration registration, string path, Report report)
    {
        foreach (var failure in registration.Validate(services, policy))
        {
            report(path, failure);
        }
    }
}
