using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>What a request says that it has used, for all limits that want to know.</summary>
internal sealed class ReportedCosts
{
    private Dictionary<string, long>? _costs;

    /// <summary>Those of a request, kept from here on.</summary>
    public static ReportedCosts Of(HttpContext httpContext)
    {
        var costs = httpContext.Features.Get<ReportedCosts>();
        if (costs is null)
        {
            httpContext.Features.Set(costs = new());
        }

        return costs;
    }

    /// <summary>What a request has used of a cost: what was reported, else what a field of its answer says.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="name">The name of the cost, if it has one.</param>
    /// <param name="field">The field, if there is one.</param>
    public static long? Find(HttpContext httpContext, string? name, string? field) =>
        name is not null && httpContext.Features.Get<ReportedCosts>()?._costs is { } costs && costs.TryGetValue(name, out var reported) ? reported
        : field is not null ? CostField.Largest(httpContext.Response.Headers[field])
        : null;

    /// <summary>Notes what the request has used of a cost. Several add up.</summary>
    public void Report(string name, long amount)
    {
        _costs ??= new(StringComparer.OrdinalIgnoreCase);
        var known = _costs.GetValueOrDefault(name);
        _costs[name] = amount > long.MaxValue - known ? long.MaxValue : known + amount;
    }
}
