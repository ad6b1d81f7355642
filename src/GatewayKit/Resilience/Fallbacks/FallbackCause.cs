using System.Globalization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Fallbacks;

/// <summary>What went wrong, before anything of it was written.</summary>
/// <param name="HttpContext">The request.</param>
/// <param name="Reason">Why the gateway or a policy refused it; <see langword="null"/> if it is an answer or an exception.</param>
/// <param name="Status">The status that it would be answered with; 500 for an exception.</param>
/// <param name="Exception">What was thrown, if anything was.</param>
public readonly record struct FallbackCause(HttpContext HttpContext, RejectionReason? Reason, int Status, Exception? Exception)
{
    /// <summary>A bounded word for it: the reason's code, <c>status-503</c> or <c>exception</c>.</summary>
    internal string Code => Reason?.Code ?? (Exception is not null ? "exception" : string.Create(CultureInfo.InvariantCulture, $"status-{Status}"));
}
