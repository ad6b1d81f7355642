using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Transforms;

/// <summary>Sets or appends one query parameter; the rest of the query stays byte for byte.</summary>
public sealed record QueryValueTransform : Transform
{
    /// <summary>The name of the parameter, not encoded.</summary>
    public required string QueryValueParameter { get; init; }

    /// <summary>The value, not encoded, that takes the place of all of that name.</summary>
    public string? Set { get; init; }

    /// <summary>The value, not encoded, that is added behind.</summary>
    public string? Append { get; init; }

    internal override string Key => nameof(QueryValueParameter);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        QueryRules.NameErrors(QueryValueParameter).Concat(HeaderRules.SetOrAppendErrors(Set, Append));

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(Set is not null
        ? request => request.Query = QueryText.Set(request.Query, QueryValueParameter, Set)
        : request => request.Query = QueryText.Append(request.Query, QueryValueParameter, Append!));
}

/// <summary>Sets or appends one query parameter from a value of the route; nothing happens when the route has no such value.</summary>
public sealed record QueryRouteValueTransform : Transform
{
    /// <summary>The name of the parameter, not encoded.</summary>
    public required string QueryRouteParameter { get; init; }

    /// <summary>The name of the route value that takes the place of all of that name.</summary>
    public string? Set { get; init; }

    /// <summary>The name of the route value that is added behind.</summary>
    public string? Append { get; init; }

    internal override string Key => nameof(QueryRouteParameter);

    internal override bool UsesRouteValues => true;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        QueryRules.NameErrors(QueryRouteParameter).Concat(HeaderRules.SetOrAppendErrors(Set, Append));

    internal override IEnumerable<string> Errors(RoutePattern route) => RouteText.Errors(route, Set ?? Append);

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(request =>
    {
        if (RouteText.Of(request.HttpContext.Request.RouteValues, (Set ?? Append)!) is not { Length: > 0 } raw)
        {
            return;
        }

        // The slash that routing left encoded (D2) is data; in a query it is encoded once, like everything else.
        var value = raw.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        request.Query = Set is not null
            ? QueryText.Set(request.Query, QueryRouteParameter, value)
            : QueryText.Append(request.Query, QueryRouteParameter, value);
    });
}

/// <summary>Removes all query parameters of one name, ignoring case.</summary>
public sealed record QueryRemoveTransform : Transform
{
    /// <summary>The name of the parameter, not encoded.</summary>
    public required string QueryRemoveParameter { get; init; }

    internal override string Key => nameof(QueryRemoveParameter);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => QueryRules.NameErrors(QueryRemoveParameter);

    internal override void AddTo(TransformPlan plan) =>
        plan.OnRequest(request => request.Query = QueryText.Remove(request.Query, QueryRemoveParameter));
}

internal static class QueryRules
{
    public static IEnumerable<string> NameErrors(string? name) => string.IsNullOrEmpty(name) ? ["needs the name of a parameter."] : [];
}
