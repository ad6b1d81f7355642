using System.Globalization;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>Checks the throttles and quotas of an endpoint against each other, wherever each of them was written.</summary>
internal static class RateChecks
{
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="places">Where policies were written.</param>
    public static IEnumerable<ConfigurationError> Check(IEnumerable<Endpoint> endpoints, PolicyPlaces places)
    {
        var errors = new List<ConfigurationError>();
        foreach (var endpoint in endpoints)
        {
            if (endpoint.Metadata.Last<GatewayPipeline>() is not { Steps.Count: > 1 } pipeline)
            {
                continue;
            }

            Report report = (path, message) => errors.Add(new(path, message));
            CheckWindows(endpoint, [.. pipeline.Steps.Select(static step => step.Policy).OfType<ThrottlePolicy>()], places, report);
            CheckNames(endpoint, pipeline.Steps, places, report);
        }

        // A group says it of all its endpoints.
        return errors.Distinct();
    }

    private static void CheckWindows(Endpoint endpoint, ThrottlePolicy[] throttles, PolicyPlaces places, Report report)
    {
        foreach (var longer in throttles)
        {
            // The shorter one could never be used: who means it has mixed up two numbers.
            if (Array.Find(throttles, shorter => Contradicts(longer, shorter)) is { } shorter)
            {
                report(ModelPath.Join(places.PathOf(endpoint, longer), "Throttle"), Describe(longer, shorter));
            }
        }
    }

    // With a smaller burst the shorter one is there for the peaks that the longer one would let through.
    private static bool Contradicts(ThrottlePolicy longer, ThrottlePolicy shorter) =>
        longer.Partition == shorter.Partition && longer.Cost == shorter.Cost && longer.Unit.Equals(shorter.Unit)
        && longer.Rule.Window > shorter.Rule.Window && longer.Rule.Limit < shorter.Rule.Limit && longer.Rule.Burst <= shorter.Rule.Burst;

    private static string Describe(ThrottlePolicy longer, ThrottlePolicy shorter) => string.Create(
        CultureInfo.InvariantCulture,
        $"The limit is {longer.Rule.Limit} in {longer.Rule.Window:c} with a burst of {longer.Rule.Burst}, and {shorter.Rule.Limit} in the shorter {shorter.Rule.Window:c} with one of {shorter.Rule.Burst}, of the same partition, {longer.Partition}: the shorter one would never be reached. Raise the limit of the longer one, or remove the shorter one.");

    // Clients are told of one limit for each name: of two they would see the later one only.
    private static void CheckNames(Endpoint endpoint, IReadOnlyList<GatewayPipelineStep> steps, PolicyPlaces places, Report report)
    {
        var names = new Dictionary<string, GatewayPipelineStep>(StringComparer.Ordinal);
        foreach (var step in steps)
        {
            if (NameOf(step.Policy) is { } name && step.Policy.Mode is PolicyMode.Enforce && !names.TryAdd(name, step))
            {
                var other = names[name].Name == step.Name ? $"another {step.Name}" : $"a {names[name].Name}";
                report(
                    ModelPath.Join(places.PathOf(endpoint, step.Policy), [step.Name, "Name"]),
                    $"Clients know {other} of this endpoint by the name '{name}', too, and would be told of one of them only. Give one of them another Name.");
            }
        }
    }

    private static string? NameOf(IGatewayPolicy policy) => policy switch
    {
        ThrottlePolicy throttle => throttle.EffectiveName,
        QuotaPolicy quota => quota.EffectiveName,
        _ => null,
    };
}
