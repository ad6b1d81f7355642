using System.Net;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Transforms;

/// <summary>Takes over <c>X-Forwarded-For</c>, <c>-Proto</c>, <c>-Host</c> and <c>-Prefix</c>, which the gateway otherwise sets itself.</summary>
public sealed record XForwardedTransform : Transform
{
    /// <summary>What happens to the fields that are not named below.</summary>
    [ConfigurationKeyName("X-Forwarded")]
    public required ForwardedAction XForwarded { get; init; }

    /// <summary>What happens to the address of the client. Default <see cref="XForwarded"/>.</summary>
    public ForwardedAction? For { get; init; }

    /// <summary>What happens to the scheme that the client used. Default <see cref="XForwarded"/>.</summary>
    public ForwardedAction? Proto { get; init; }

    /// <summary>What happens to the host that the client asked for. Default <see cref="XForwarded"/>.</summary>
    public ForwardedAction? Host { get; init; }

    /// <summary>What happens to the path base together with what the route removed from the path. Default <see cref="XForwarded"/>.</summary>
    public ForwardedAction? Prefix { get; init; }

    /// <summary>What the names start with. Default <c>X-Forwarded-</c>.</summary>
    public string HeaderPrefix { get; init; } = "X-Forwarded-";

    /// <summary>Networks of proxies whose hops are kept when appending. Default <see cref="GatewayOptions.TrustedProxies"/>.</summary>
    public IReadOnlyList<IPNetwork> TrustedNetworks { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    internal override string Key => "X-Forwarded";

    internal override bool NeedsTrustedProxies => Appends && TrustedNetworks.Count == 0;

    private bool Appends => (For ?? XForwarded, Proto ?? XForwarded, Host ?? XForwarded, Prefix ?? XForwarded)
        is (ForwardedAction.Append, _, _, _) or (_, ForwardedAction.Append, _, _) or (_, _, ForwardedAction.Append, _) or (_, _, _, ForwardedAction.Append);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        if (!HttpToken.Is(HeaderPrefix))
        {
            yield return $"HeaderPrefix '{HeaderPrefix}' cannot start a header name (RFC 9110 §5.1).";
        }

        if (before.Any(static step => step is ForwardedTransform or XForwardedTransform))
        {
            yield return "the fields are taken over by an earlier step. One family is sent, by one step.";
        }
    }

    internal override void AddTo(TransformPlan plan)
    {
        var names = ForwardedNames.StartingWith(HeaderPrefix);
        plan.OnRequest(request =>
        {
            request.WritesForwardedFields = false;
            var (httpContext, before) = (request.HttpContext, Appends ? Before(request, names) : default);
            Write(request, names.For, For, ForwardedNode.Address(httpContext.Connection.RemoteIpAddress), before.For);
            Write(request, names.Proto, Proto, httpContext.Request.Scheme, before.Proto);
            Write(request, names.Host, Host, RequestHost.Of(httpContext.Request), before.Host);
            Write(request, names.Prefix, Prefix, PrefixOf(request), before.Prefix);
        });
    }

    private ForwardedValues Before(ForwardRequest request, ForwardedNames names)
    {
        var (httpContext, trusted) = (request.HttpContext, TrustedNetworks.Count > 0 ? TrustedNetworks : request.TrustedProxies);
        if (!ForwardedHops.IsTrusted(httpContext.Connection.RemoteIpAddress, trusted))
        {
            return default;
        }

        if (!ForwardedHops.TryRead(httpContext.Request.Headers, names, trusted, out var before))
        {
            request.Dropped?.Note(names.For, DroppedField.Invalid);
        }

        return before;
    }

    private void Write(ForwardRequest request, string name, ForwardedAction? action, string? own, string? before)
    {
        request.RemoveHeader(name);
        action ??= XForwarded;
        if (action is ForwardedAction.Set or ForwardedAction.Append && own is not null)
        {
            request.SetHeader(name, action is ForwardedAction.Append && before is not null ? $"{before}, {own}" : own);
        }
    }

    private static string? PrefixOf(ForwardRequest request) =>
        request.HttpContext.Request.PathBase.ToUriComponent() + request.RemovedPrefix is { Length: > 0 } prefix ? prefix : null;
}
