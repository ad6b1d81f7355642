using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>Sends <c>Forwarded</c> (RFC 7239) in place of <c>X-Forwarded-*</c>.</summary>
public sealed record ForwardedTransform : Transform
{
    /// <summary>Which parameters are sent, such as <c>for, host, proto</c>; always in the order proto, host, for, by.</summary>
    public required ForwardedParameters Forwarded { get; init; }

    /// <summary>How the client is named. Default <see cref="NodeFormat.Random"/>, as RFC 7239 §6.3 recommends for privacy.</summary>
    public NodeFormat? ForFormat { get; init; }

    /// <summary>How this side of the connection is named. Default <see cref="NodeFormat.Random"/>.</summary>
    public NodeFormat? ByFormat { get; init; }

    /// <summary><see cref="ForwardedAction.Set"/> or <see cref="ForwardedAction.Append"/>. Default <see cref="ForwardedAction.Set"/>.</summary>
    public ForwardedAction Action { get; init; }

    /// <summary>Networks of proxies whose hops are kept when appending. Default <see cref="GatewayOptions.TrustedProxies"/>.</summary>
    public IReadOnlyList<IPNetwork> TrustedNetworks { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    internal override string Key => nameof(Forwarded);

    internal override bool NeedsTrustedProxies => Action is ForwardedAction.Append && TrustedNetworks.Count == 0;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        if (Forwarded is 0)
        {
            yield return "names no parameter: for, by, host or proto.";
        }

        if (ForFormat is not null && !Forwarded.HasFlag(ForwardedParameters.For))
        {
            yield return "ForFormat has no effect without the parameter 'for'.";
        }

        if (ByFormat is not null && !Forwarded.HasFlag(ForwardedParameters.By))
        {
            yield return "ByFormat has no effect without the parameter 'by'.";
        }

        if (Action is ForwardedAction.Remove or ForwardedAction.Off)
        {
            yield return $"Action {Action} has nothing to do: a client's Forwarded is always removed. To send no field at all use X-Forwarded with Remove.";
        }

        if (before.Any(static step => step is ForwardedTransform or XForwardedTransform))
        {
            yield return "the fields are taken over by an earlier step. One family is sent, by one step.";
        }
    }

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(request =>
    {
        request.WritesForwardedFields = false;
        var own = Element(request.HttpContext);
        request.SetHeader("Forwarded", Before(request) is { } before ? $"{before}, {own}" : own);
    });

    private string? Before(ForwardRequest request)
    {
        var trusted = TrustedNetworks.Count > 0 ? TrustedNetworks : request.TrustedProxies;
        if (Action is not ForwardedAction.Append || !ForwardedHops.IsTrusted(request.HttpContext.Connection.RemoteIpAddress, trusted))
        {
            return null;
        }

        if (!ForwardedElements.TryRead(request.HttpContext.Request.Headers, trusted, out var believed))
        {
            request.Dropped?.Note("Forwarded", DroppedField.Invalid);
        }

        return believed;
    }

    private string Element(HttpContext httpContext)
    {
        var (request, connection) = (httpContext.Request, httpContext.Connection);
        var pairs = new List<string>(4);
        if (Forwarded.HasFlag(ForwardedParameters.Proto))
        {
            pairs.Add($"proto={request.Scheme}");
        }

        if (Forwarded.HasFlag(ForwardedParameters.Host) && RequestHost.Of(request) is { } host)
        {
            pairs.Add($"host={ForwardedElements.Value(host)}");
        }

        if (Forwarded.HasFlag(ForwardedParameters.For))
        {
            pairs.Add($"for={ForwardedNode.Format(ForFormat ?? NodeFormat.Random, connection.RemoteIpAddress, connection.RemotePort)}");
        }

        if (Forwarded.HasFlag(ForwardedParameters.By))
        {
            pairs.Add($"by={ForwardedNode.Format(ByFormat ?? NodeFormat.Random, connection.LocalIpAddress, connection.LocalPort)}");
        }

        return string.Join(';', pairs);
    }
}
