using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>Checks policies: their annotations, what the host's validators say, and that one slot holds one.</summary>
internal sealed class PolicyChecks(AnnotationChecks annotations, PolicyNames names, IServiceProvider services)
{
    public void Check(IReadOnlyList<IGatewayPolicy> policies, string path, Report report)
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

            CheckOne(policy, registration, policyPath, report);
        }
    }

    /// <summary>Checks the policies in effect on these endpoints, wherever they were added: a <c>With…</c> call has no other check than its own.</summary>
    public IEnumerable<ConfigurationError> Check(IEnumerable<Endpoint> endpoints)
    {
        var errors = new List<ConfigurationError>();
        var seen = new HashSet<IGatewayPolicy>(ReferenceEqualityComparer.Instance);
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Metadata.Last<GatewayPipeline>() is not { Steps: { Count: > 0 } steps })
            {
                continue;
            }

            foreach (var step in steps)
            {
                if (seen.Add(step.Policy) && names.TryGet(step.Policy.GetType(), out var registration))
                {
                    CheckOne(step.Policy, registration, ModelPath.Join(endpoint.DisplayName ?? "(unnamed endpoint)", step.Name), (path, message) => errors.Add(new(path, message)));
                }
            }
        }

        return errors;
    }

    private void CheckOne(IGatewayPolicy policy, PolicyRegistration registration, string path, Report report)
    {
        var sound = true;
        var usable = annotations.Check(policy, path, (where, message) =>
        {
            sound = false;
            report(where, message);
        });

        // Generated validators repeat the annotations: they are asked when those hold.
        if (usable && sound)
        {
            foreach (var failure in registration.Validate(services, policy))
            {
                report(path, failure);
            }
        }
    }
}
