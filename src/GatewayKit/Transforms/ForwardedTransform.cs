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

    /// <summary>Networks whose own field is kept when appending. Needed for <see cref="ForwardedAction.Append"/>.</summary>
    public IReadOnlyList<IPNetwork> TrustedNetworks { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    internal override string Key => nameof(Forwarded);

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

        if (Action is ForwardedAction.Append && TrustedNetworks.Count == 0)
        {
            yield return "Append needs TrustedNetworks: without them any client could name an address for its own (RFC 7239 §8.1).";
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
        var before = Action is ForwardedAction.Append && TrustedPeer.IsTrusted(request.HttpContext.Connection.RemoteIpAddress, TrustedNetworks)
            ? ForwardedElements.Of(request.HttpContext)
            : null;
        request.SetHeader("Forwarded", before is null ? own : $"{before}, {own}");
    });

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

/// <summary>Parameters of <c>Forwarded</c> (RFC 7239 §5).</summary>
[Flags]
public enum ForwardedParameters
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The client.</summary>
    For = 1,

    /// <summary>The side of the connection that the client reached.</summary>
    By = 2,

    /// <summary>The host that the client asked for.</summary>
    Host = 4,

    /// <summary>The scheme that the client used.</summary>
    Proto = 8,
}

/// <summary>How one end of a connection is named in <c>Forwarded</c> (RFC 7239 §6).</summary>
public enum NodeFormat
{
    /// <summary>A random name, another one for each request.</summary>
    Random,

    /// <summary>A random name and the port.</summary>
    RandomAndPort,

    /// <summary>A random name and a random port.</summary>
    RandomAndRandomPort,

    /// <summary><c>unknown</c>.</summary>
    Unknown,

    /// <summary><c>unknown</c> and the port.</summary>
    UnknownAndPort,

    /// <summary><c>unknown</c> and a random port.</summary>
    UnknownAndRandomPort,

    /// <summary>The address.</summary>
    Ip,

    /// <summary>The address and the port.</summary>
    IpAndPort,

    /// <summary>The address and a random port.</summary>
    IpAndRandomPort,
}
