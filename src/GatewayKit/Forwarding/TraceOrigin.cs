using System.Diagnostics;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>Where the trace of a hop comes from.</summary>
internal enum TraceOrigin
{
    /// <summary>The server's activity says what the client said, or what the host wants.</summary>
    Server,

    /// <summary>The client sent a valid context that the server's activity does not have.</summary>
    Client,

    /// <summary>There is none, or the server believed one that is not valid.</summary>
    None,
}

/// <summary>Tells it, by what the client sent and what the server made of it.</summary>
internal static class TraceOrigins
{
    /// <param name="headers">What the client sent.</param>
    /// <param name="current">The server's activity, if there is one.</param>
    /// <param name="client">The client's context, if it is valid.</param>
    public static TraceOrigin Of(IHeaderDictionary headers, Activity? current, out TraceParent client)
    {
        var lines = headers.TraceParent;
        client = default;
        var isValid = lines.Count == 1 && !IsNominated(headers) && TraceParent.TryParse(lines[0], out client);
        if (current is not { IdFormat: ActivityIdFormat.W3C })
        {
            // The server takes a parent that it cannot read for one in its former format.
            return isValid ? TraceOrigin.Client : TraceOrigin.None;
        }

        // A trace of the server's own beside a valid parent is a host that starts anew at its border, and may. One that comes from a parent
        // that is not valid is a mistake.
        return !isValid && lines.Count > 0 && IsContinued(current) ? TraceOrigin.None : TraceOrigin.Server;
    }

    /// <summary>Whether the server is in another trace than the client.</summary>
    public static bool StartsAnew(Activity server, TraceParent client) => !client.TraceId.SequenceEqual(server.TraceId.ToHexString());

    private static bool IsContinued(Activity activity)
    {
        while (activity.Parent is { } parent)
        {
            activity = parent;
        }

        return activity.ParentSpanId != default;
    }

    // What `Connection` names is for this connection only (RFC 9110 §7.6.1).
    private static bool IsNominated(IHeaderDictionary headers) =>
        headers.Connection.Count > 0 && ConnectionOptions.Parse(headers.Connection).Nominates("traceparent");
}
