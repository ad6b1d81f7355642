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

    private readonly HostPattern[] _patterns = [.. patterns];

    /// <summary>Puts the question in front of a terminal, unless every host is served.</summary>
    public static EndpointFilterDelegate Guard(EndpointFilterDelegate terminal, IReadOnlyList<string> hosts)
    {
        if (hosts.Count == 0)
        {
            return terminal;
        }

        var served = new ServedHosts(hosts.Select(static host => HostPattern.TryParse(host, out var pattern) ? pattern : default).Where(static pattern => pattern != default));
        return context => served.Contains(context.HttpContext.Request) ? terminal(context) : new(Unknown);
    }

    private bool Contains(HttpRequest request)
    {
        // What is no host at all is another matter, and another answer.
        if (!RequestHost.IsValid(request) || !HostPattern.TrySplit(RequestHost.Of(request), out var name, out var port))
        {
            return true;
        }

        var host = new HostPattern(name.ToString(), IsWildcard: false, port ?? (request.IsHttps ? 443 : 80));
        return Array.Exists(_patterns, pattern => pattern.Covers(host));
    }
}
