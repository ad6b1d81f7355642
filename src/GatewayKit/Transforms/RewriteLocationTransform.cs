using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Transforms;

/// <summary>
/// Turns a <c>Location</c> or <c>Content-Location</c> that points to the destination into one that leads the client back through the
/// gateway. What points elsewhere stays as it is.
/// </summary>
public sealed record RewriteLocationTransform : Transform
{
    /// <summary><see langword="true"/> to rewrite.</summary>
    public required bool RewriteLocation { get; init; }

    /// <summary>
    /// The path at the destination that stands for <see cref="To"/>, below the path of its address. Default: what <c>PathPrefix</c> of the
    /// same list puts in front.
    /// </summary>
    public string? From { get; init; }

    /// <summary>The path at the gateway. Default: what <c>PathRemovePrefix</c> of the same list takes away.</summary>
    public string? To { get; init; }

    /// <summary>Names the destination calls itself by, such as <c>orders.internal</c> or <c>orders.internal:8443</c>, beside its address and the client's host.</summary>
    public IReadOnlyList<string> Hosts { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    internal override string Key => nameof(RewriteLocation);

    internal override bool ChangesResponse => RewriteLocation;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
    [
        .. string.IsNullOrEmpty(From) ? [] : PathText.PrefixErrors(From).Select(static error => $"From {error}"),
        .. string.IsNullOrEmpty(To) ? [] : PathText.PrefixErrors(To).Select(static error => $"To {error}"),
        .. Hosts.Where(static host => !HostRules.IsHost(host)).Select(static host => $"'{host}' is not a host with an optional port (RFC 9110 §7.2)."),
    ];

    internal override void AddTo(TransformPlan plan)
    {
        if (!RewriteLocation)
        {
            return;
        }

        // The way back of the way there: the last prefix put in front comes off first.
        var added = string.Concat(plan.Steps.OfType<PathPrefixTransform>().Reverse().Select(static step => step.PathPrefix));
        var removed = string.Concat(plan.Steps.OfType<PathRemovePrefixTransform>().Select(static step => step.PathRemovePrefix));
        plan.OnResponse(ResponseCondition.Always, context =>
        {
            var isForwarded = context.DestinationAddress is not null;
            var (from, to) = (From ?? (isForwarded ? added : string.Empty), To ?? (isForwarded ? removed : string.Empty));
            Rewrite("Location");
            Rewrite("Content-Location");

            void Rewrite(string name)
            {
                var headers = context.HttpContext.Response.Headers;
                if (headers[name] is [{ Length: > 0 } value] && LocationText.Rewrite(value, Own(context), from, to) is { } rewritten)
                {
                    headers[name] = rewritten;
                }
            }
        });
    }

    private LocationText.Origin Own(GatewayContext context)
    {
        var request = context.HttpContext.Request;
        return new(context.DestinationAddress, request.Host, request.PathBase, Hosts);
    }
}
