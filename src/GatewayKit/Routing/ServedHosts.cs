using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Routing;

/// <summary>
/// The hosts that gateway routes are for. A request for another one has reached the wrong server, or wants to be taken for one of its own:
/// 421 lets an honest client try a connection of its own (RFC 9110 §15.5.20).
/// </summary>
internal sealed class ServedHosts(IEnumerable<HostPattern> patterns)
{
    private static readonly GatewayProblem Unknown = new(RejectionReason.UnknownHost);

    private readonly HostTable<bool> _served = new(patterns.Distinct().Select(static pattern => (pattern, true)));

    /// <summary>Reads them; <see langword="null"/> if every host is served. What is no host was told at start.</summary>
    public static ServedHosts? Of(IReadOnlyList<string> hosts) => hosts.Count == 0
        ? null
        : new(hosts.Select(static host => HostPattern.TryParse(host, out var pattern) ? pattern : default).Where(static pattern => pattern != default));

    /// <summary>Puts the question in front of a terminal.</summary>
    public EndpointFilterDelegate Guard(EndpointFilterDelegate terminal) =>
        context => Contains(context.HttpContext.Request) ? terminal(context) : new(Unknown);

    /// <summary>Whether the request is for one of the hosts, or for no host at all: that is another matter, and another answer.</summary>
    public bool Contains(HttpRequest request)
    {
        // The field itself: the framework's reading turns the ASCII form of an international name back.
        var value = request.Headers.Host.ToString();
        return !HostPattern.TrySplit(value, out var name, out var port)
            || _served.Find(name, port ?? (request.IsHttps ? 443 : 80)) is not null
            || !RequestHost.IsValid(request);
    }
}
