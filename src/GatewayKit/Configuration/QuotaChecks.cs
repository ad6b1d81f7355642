using System.Globalization;
using GatewayKit.Pipeline;
using GatewayKit.Throttling.Quotas;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Configuration;

/// <summary>Checks the quotas of an endpoint against each other, wherever each of them was written.</summary>
internal static class QuotaChecks
{
    /// <param name="endpoints">The endpoints.</param>
    /// <param name="places">Where policies were written.</param>
    public static IEnumerable<ConfigurationError> Check(IEnumerable<Endpoint> endpoints, PolicyPlaces places)
    {
        var errors = new List<ConfigurationError>();
        foreach (var endpoint in endpoints)
        {
            if (QuotasOf(endpoint) is not { Length: > 1 } quotas)
            {
                continue;
            }

            foreach (var longer in quotas)
            {
                // The shorter one could never be used: who means it has mixed up two numbers.
                if (Array.Find(quotas, shorter => Contradicts(longer, shorter)) is { } shorter)
                {
                    errors.Add(new(ModelPath.Join(places.PathOf(endpoint, longer), "Quota"), Describe(longer, shorter)));
                }
            }
        }

        // A group says it of all its endpoints.
        return errors.Distinct();
    }

    private static QuotaPolicy[] QuotasOf(Endpoint endpoint) =>
        endpoint.Metadata.Last<GatewayPipeline>() is { Steps.Count: > 1 } pipeline ? [.. pipeline.Steps.Select(static step => step.Policy).OfType<QuotaPolicy>()] : [];

    private static bool Contradicts(QuotaPolicy longer, QuotaPolicy shorter) =>
        longer.Partition == shorter.Partition && longer.Unit == shorter.Unit
        && longer.Window.NominalLength > shorter.Window.NominalLength && longer.Limit < shorter.Limit;

    private static string Describe(QuotaPolicy longer, QuotaPolicy shorter) => string.Create(
        CultureInfo.InvariantCulture,
        $"Limit is {longer.Limit} for '{longer.EffectiveName}', and {shorter.Limit} for the shorter '{shorter.EffectiveName}' of the same partition, {longer.Partition}: the shorter one would never be reached. Raise the limit of the longer one, or remove the shorter one.");
}
