using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Diagnostics;

/// <summary>The one id by which a request is found again in logs, traces, records and problem bodies.</summary>
internal static class TraceIdentifiers
{
    /// <remarks>
    /// An activity that is not in the W3C format was given a parent that is none: its id repeats what the client wrote there.
    /// </remarks>
    public static string Of(HttpContext httpContext) =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : httpContext.TraceIdentifier;
}
