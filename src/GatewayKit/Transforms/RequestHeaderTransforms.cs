using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Routing.Patterns;

namespace GatewayKit.Transforms;

/// <summary>Sets a request header, or appends a line to it.</summary>
public sealed record RequestHeaderTransform : Transform
{
    /// <summary>The name of the header.</summary>
    public required string RequestHeader { get; init; }

    /// <summary>The value that replaces what is there.</summary>
    public string? Set { get; init; }

    /// <summary>The value that is added as a further line.</summary>
    public string? Append { get; init; }

    internal override string Key => nameof(RequestHeader);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        [.. HeaderRules.RequestErrors(RequestHeader, before), .. HeaderRules.SetOrAppendErrors(Set, Append), .. HeaderRules.ValueErrors(Set ?? Append)];

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(Set is not null
        ? request => request.SetHeader(RequestHeader, Set)
        : request => request.AppendHeader(RequestHeader, Append));
}

/// <summary>
/// Sets a request header from a value of the route, or appends it; nothing happens when the route has no such value. What is not visible
/// ASCII, and the percent sign, is percent-encoded.
/// </summary>
public sealed record RequestHeaderRouteValueTransform : Transform
{
    /// <summary>The name of the header.</summary>
    public required string RequestHeaderRouteValue { get; init; }

    /// <summary>The name of the route value that replaces what is there.</summary>
    public string? Set { get; init; }

    /// <summary>The name of the route value that is added as a further line.</summary>
    public string? Append { get; init; }

    internal override string Key => nameof(RequestHeaderRouteValue);

    internal override bool UsesRouteValues => true;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        HeaderRules.RequestErrors(RequestHeaderRouteValue, before).Concat(HeaderRules.SetOrAppendErrors(Set, Append));

    internal override IEnumerable<string> Errors(RoutePattern route) => RouteText.Errors(route, Set ?? Append);

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(request =>
    {
        if (RouteText.Of(request.HttpContext.Request.RouteValues, (Set ?? Append)!) is not { Length: > 0 } raw)
        {
            if (Set is not null)
            {
                // A client must not be able to speak for a route value that is absent.
                request.RemoveHeader(RequestHeaderRouteValue);
            }

            return;
        }

        var value = PathText.ToHeaderValue(raw);
        if (Set is not null)
        {
            request.SetHeader(RequestHeaderRouteValue, value);
        }
        else
        {
            request.AppendHeader(RequestHeaderRouteValue, value);
        }
    });
}

/// <summary>Removes a request header.</summary>
public sealed record RequestHeaderRemoveTransform : Transform
{
    /// <summary>The name of the header.</summary>
    public required string RequestHeaderRemove { get; init; }

    internal override string Key => nameof(RequestHeaderRemove);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => HeaderRules.RequestErrors(RequestHeaderRemove, before);

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(request => request.RemoveHeader(RequestHeaderRemove));
}

/// <summary>Says whether the client's headers are copied at all.</summary>
public sealed record RequestHeadersCopyTransform : Transform
{
    /// <summary><see langword="false"/> to start from nothing but what the message itself needs.</summary>
    public required bool RequestHeadersCopy { get; init; }

    internal override string Key => nameof(RequestHeadersCopy);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => TwiceErrors<RequestHeadersCopyTransform>(before);

    internal override void AddTo(TransformPlan plan)
    {
        // An allow list says what is copied although nothing is copied by default.
        if (!RequestHeadersCopy && !plan.Steps.Any(static step => step is RequestHeadersAllowedTransform))
        {
            plan.KeepRequestHeaders(static _ => false);
        }
    }
}

/// <summary>Copies only these of the client's headers. Hop-by-hop fields are never copied, whatever it names.</summary>
public sealed record RequestHeadersAllowedTransform : Transform
{
    /// <summary>The names, ignoring case.</summary>
    public required IReadOnlyList<string> RequestHeadersAllowed { get; init => field = ValueList<string>.From(value); }

    internal override string Key => nameof(RequestHeadersAllowed);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        HeaderRules.ListErrors(RequestHeadersAllowed).Concat(TwiceErrors<RequestHeadersAllowedTransform>(before));

    internal override void AddTo(TransformPlan plan) => plan.KeepRequestHeaders(NameSet(RequestHeadersAllowed).Contains);
}
