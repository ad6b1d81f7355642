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

    /// <summary>Networks whose own fields are kept when appending. Needed for <see cref="ForwardedAction.Append"/>.</summary>
    public IReadOnlyList<IPNetwork> TrustedNetworks { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    internal override string Key => "X-Forwarded";

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        if (!HeaderRules.IsToken(HeaderPrefix))
        {
            yield return $"HeaderPrefix '{HeaderPrefix}' cannot start a header name (RFC 9110 §5.1).";
        }

        if (Actions.Any(static field => field.Action is ForwardedAction.Append) && TrustedNetworks.Count == 0)
        {
            yield return "Append needs TrustedNetworks: without them any client could name an address for its own (RFC 7239 §8.1).";
        }

        if (before.Any(static step => step is ForwardedTransform or XForwardedTransform))
        {
            yield return "the fields are taken over by an earlier step. One family is sent, by one step.";
        }
    }

    internal override void AddTo(TransformPlan plan)
    {
        var fields = Actions.Select(field => (Name: HeaderPrefix + field.Name, field.Action, field.Value, field.IsValid)).ToArray();
        plan.OnRequest(request =>
        {
            request.WritesForwardedFields = false;
            foreach (var (name, action, value, isValid) in fields)
            {
                request.RemoveHeader(name);
                if (action is ForwardedAction.Remove or ForwardedAction.Off || value(request) is not { } own)
                {
                    continue;
                }

                request.SetHeader(
                    name,
                    action is ForwardedAction.Append && TrustedPeer.Values(request.HttpContext, TrustedNetworks, name, isValid) is { } before
                        ? $"{before}, {own}"
                        : own);
            }
        });
    }

    private (string Name, ForwardedAction Action, Func<ForwardRequest, string?> Value, Func<string, bool> IsValid)[] Actions =>
    [
        ("For", For ?? XForwarded, static request => ForwardedNode.Address(request.HttpContext.Connection.RemoteIpAddress), ForwardedNode.IsNode),
        ("Proto", Proto ?? XForwarded, static request => request.HttpContext.Request.Scheme, HeaderRules.IsToken),
        ("Host", Host ?? XForwarded, static request => RequestHost.Of(request.HttpContext.Request), HostRules.IsHost),
        ("Prefix", Prefix ?? XForwarded, PrefixOf, static text => CanonicalPath.TryRewrite(text, out _)),
    ];

    private static string? PrefixOf(ForwardRequest request) =>
        request.HttpContext.Request.PathBase.ToUriComponent() + request.RemovedPrefix is { Length: > 0 } prefix ? prefix : null;
}
