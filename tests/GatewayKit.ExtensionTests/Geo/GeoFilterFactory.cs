using System.Collections.Frozen;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ExtensionTests.Geo;

/// <summary>Serves <see cref="GeoPolicy"/>: decides, and leaves modes and records to the pipeline.</summary>
internal sealed class GeoFilterFactory(CountryTable table) : GatewayFilterFactory<GeoPolicy>
{
    /// <summary>A reason of its own: a code, a status and a sentence, defined once.</summary>
    public static RejectionReason CountryNotAllowed { get; } = new("country-not-allowed", StatusCodes.Status403Forbidden, "Requests from this country are not allowed.");

    protected override EndpointFilterDelegate Create(GeoPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        // What can be prepared is prepared here, once for each endpoint.
        var countries = policy.Countries.ToFrozenSet(StringComparer.Ordinal);
        var refusal = new GatewayProblem(CountryNotAllowed);
        return context => table.Find(context.HttpContext.Connection.RemoteIpAddress) is { } country && countries.Contains(country)
            ? next(context)
            : new(refusal);
    }
}
