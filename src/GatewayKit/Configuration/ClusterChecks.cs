using System.Net;
using GatewayKit.Clusters;

namespace GatewayKit.Configuration;

/// <summary>Checks what a cluster says.</summary>
internal static class ClusterChecks
{
    // Timers take milliseconds in an int.
    private static readonly TimeSpan LongestClock = TimeSpan.FromMilliseconds(int.MaxValue);

    public static void Check(Cluster cluster, string path, Report report)
    {
        var http = cluster.Http;
        var httpPath = ModelPath.Join(path, nameof(cluster.Http));
        if (http.Version != HttpVersion.Version11 && http.Version != HttpVersion.Version20 && http.Version != HttpVersion.Version30)
        {
            report(ModelPath.Join(httpPath, nameof(http.Version)), $"HTTP/{http.Version} is not to be had. Write \"1.1\", \"2.0\" or \"3.0\".");
        }

        if (http.WebSocketVersion != HttpVersion.Version11 && http.WebSocketVersion != HttpVersion.Version20)
        {
            report(ModelPath.Join(httpPath, nameof(http.WebSocketVersion)), $"WebSockets over HTTP/{http.WebSocketVersion} are not to be had. Write \"1.1\" or \"2.0\".");
        }

        if (http.WebSocketVersionPolicy is HttpVersionPolicy.RequestVersionOrHigher)
        {
            report(ModelPath.Join(httpPath, nameof(http.WebSocketVersionPolicy)), "RequestVersionOrHigher would leave the version to chance. Write \"RequestVersionOrLower\" or \"RequestVersionExact\".");
        }

        CheckClock(http.ConnectionLifetime, ModelPath.Join(httpPath, nameof(http.ConnectionLifetime)), report);
        CheckClock(http.ConnectionIdle, ModelPath.Join(httpPath, nameof(http.ConnectionIdle)), report);
        CheckTimeouts(cluster, ModelPath.Join(path, nameof(cluster.Timeouts)), report);
        AttemptChecks.Check(cluster, path, report);
        if (cluster.CircuitBreaker.EnforcePercent != 100)
        {
            report(
                ModelPath.Join(path, [nameof(cluster.CircuitBreaker), nameof(cluster.CircuitBreaker.EnforcePercent)]),
                $"EnforcePercent is {cluster.CircuitBreaker.EnforcePercent}, but the circuit of a destination is open for all callers or none. Remove it; Mode Shadow tries the circuit.");
        }

        if (cluster.CircuitBreaker.Candidate is not null)
        {
            report(
                ModelPath.Join(path, [nameof(cluster.CircuitBreaker), nameof(cluster.CircuitBreaker.Candidate)]),
                "Circuits of destinations have no candidates, because they stop no requests: those go to other destinations. Remove it; Mode Shadow tries the circuit.");
        }

        if (cluster.Admission is { EnforcePercent: not 100 } admission)
        {
            report(
                ModelPath.Join(path, [nameof(cluster.Admission), nameof(admission.EnforcePercent)]),
                $"EnforcePercent is {admission.EnforcePercent}, but a cluster does not know callers. Remove it; Mode Shadow tries admission control.");
        }

        LimitChecks.Check(cluster, path, report);
        BalancingChecks.Check(cluster, path, report);
        ClusterTlsChecks.Check(cluster.Tls, ModelPath.Join(path, nameof(cluster.Tls)), report);
        HealthChecks.Check(cluster, path, report);
        foreach (var (id, destination) in cluster.Destinations)
        {
            var where = ModelPath.Join(path, [nameof(cluster.Destinations), id]);
            Ids.Check(id, "destination", where, report);
            CheckDestination(destination, http, where, httpPath, report);
        }
    }

    public static void CheckDestination(Destination destination, ClusterHttp http, string path, string httpPath, Report report)
    {
        var address = destination.Address;
        var where = ModelPath.Join(path, nameof(destination.Address));
        if (!address.IsAbsoluteUri || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
        {
            report(where, $"'{address.OriginalString}' is not an absolute http or https address such as \"http://10.0.0.5:8080\".");
        }
        else
        {
            // The address is not repeated: it may hold a password.
            if (address.UserInfo.Length > 0)
            {
                report(where, "The address has a user in it. Remove what stands before '@'; send credentials in a header.");
            }

            if (address.Query.Length > 0 || address.Fragment.Length > 0)
            {
                report(where, "The address has a query or a fragment. Only a path can be put in front of the request's.");
            }

            if (System.Net.IPAddress.TryParse(address.DnsSafeHost, out var ip) && DeniedNetworks.Contain(http.DeniedNetworks, ip))
            {
                report(where, $"'{address.DnsSafeHost}' lies in a network that destinations must not be in. Take the network out of Http.DeniedNetworks if it is meant.");
            }

            if (address.Port == 0)
            {
                report(where, "The address has port 0, which nothing listens at. Write the port of the destination.");
            }

            if (VersionChoice.Fault(address, http.Version, http.VersionPolicy) is { } fault)
            {
                report(ModelPath.Join(httpPath, nameof(http.VersionPolicy)), fault);
            }
        }

        if (destination.Host is { } host && !HostNames.IsAuthority(host))
        {
            report(ModelPath.Join(path, nameof(destination.Host)), $"'{host}' is not a host, with or without a port.");
        }
    }

    private static void CheckTimeouts(Cluster cluster, string path, Report report)
    {
        var timeouts = cluster.Timeouts;
        CheckClock(timeouts.Connect, ModelPath.Join(path, nameof(timeouts.Connect)), report);
        CheckClock(timeouts.PoolWait, ModelPath.Join(path, nameof(timeouts.PoolWait)), report);
        CheckClock(timeouts.Attempt, ModelPath.Join(path, nameof(timeouts.Attempt)), report);
        CheckClock(timeouts.Idle, ModelPath.Join(path, nameof(timeouts.Idle)), report);
        CheckClock(timeouts.Tunnel, ModelPath.Join(path, nameof(timeouts.Tunnel)), report);
        CheckClock(timeouts.Total, ModelPath.Join(path, nameof(timeouts.Total)), report);

        // Only clocks that somebody has set can be meant: a short Total needs no word about the others, it cuts them off.
        var defaults = new ClusterTimeouts().InEffect(triesAgain: false);
        CheckCapped(nameof(timeouts.Attempt), timeouts.Attempt, usual: null, nameof(timeouts.Total), timeouts.InEffect(cluster.TriesAgain).Total, path, report);
        CheckCapped(nameof(timeouts.Idle), timeouts.Idle, defaults.Idle, nameof(timeouts.Total), timeouts.Total, path, report);
        CheckCapped(nameof(timeouts.PoolWait), timeouts.PoolWait, defaults.PoolWait, nameof(timeouts.Total), timeouts.Total, path, report);
        CheckCapped(nameof(timeouts.Connect), timeouts.Connect, defaults.Connect, nameof(timeouts.Total), timeouts.Total, path, report);
        CheckCapped(nameof(timeouts.Connect), timeouts.Connect, defaults.Connect, nameof(timeouts.Attempt), timeouts.Attempt, path, report);
    }

    // A clock that another one always stops first says what will not happen (dotnet/yarp#2950).
    private static void CheckCapped(string name, TimeSpan? clock, TimeSpan? usual, string cap, TimeSpan? limit, string path, Report report)
    {
        if (limit > TimeSpan.Zero && clock > limit && clock != usual)
        {
            report(ModelPath.Join(path, name), $"{name} is {clock:c}, which is longer than {cap}, {limit:c}. Shorten it or lengthen {cap}.");
        }
    }

    private static void CheckClock(TimeSpan? clock, string path, Report report)
    {
        if (clock != Timeout.InfiniteTimeSpan && (clock <= TimeSpan.Zero || clock > LongestClock))
        {
            report(path, $"{path[(path.LastIndexOf(':') + 1)..]} is {clock:c}; it must be more than zero and at most {LongestClock:c}, or \"Infinite\" to switch it off.");
        }
    }
}
