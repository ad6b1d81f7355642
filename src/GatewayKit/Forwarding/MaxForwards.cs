using System.Globalization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>How many gateways a request of <c>OPTIONS</c> may still pass (RFC 9110 §7.6.2). Other methods may ignore it, and it passes as it came.</summary>
internal static class MaxForwards
{
    private const string Name = "Max-Forwards";

    /// <summary>The answer to a request that may go no further; <see langword="null"/> if it may.</summary>
    public static IResult? Answer(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.TryGetValue(Name, out var values) && TryRead(values, out var left) && left == 0 ? OptionsHere.Instance : null;

    /// <summary>What the next one is told.</summary>
    public static StringValues Next(HttpRequest request, StringValues values) =>
        HttpMethods.IsOptions(request.Method) && TryRead(values, out var left) && left > 0 ? (left - 1).ToString(CultureInfo.InvariantCulture) : values;

    // A number too large to count is none that a request comes to the end of.
    private static bool TryRead(StringValues values, out long left)
    {
        left = 0;
        return values.Count == 1 && long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out left);
    }

    private sealed class OptionsHere : IResult, IStatusCodeHttpResult
    {
        public static readonly OptionsHere Instance = new();

        public int? StatusCode => StatusCodes.Status204NoContent;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status204NoContent;
            httpContext.Response.Headers.Allow = AllowedMethods.Of(httpContext);
            return Task.CompletedTask;
        }
    }
}
