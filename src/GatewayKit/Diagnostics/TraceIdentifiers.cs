using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Diagnostics;

/// <summary>The one id by which a request is found again in logs, traces, records and problem bodies.</summary>
internal static class TraceIdentifiers
{
    public static string Of(HttpContext httpContext) => Activity.Current?.Id ?? httpContext.TraceIdentifier;
}
