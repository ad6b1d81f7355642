using System.Buffers;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity;

/// <summary>Looks at the whole body of a request before anybody else sees any of it. Nothing is consumed: whoever reads it next finds it whole.</summary>
internal static class WholeBody
{
    /// <summary>Whether there is one. What comes through an upgraded connection is none.</summary>
    public static bool IsExpected(HttpContext httpContext) => BodyDetection.MayHaveBody(httpContext) && httpContext.Request.ContentLength is not 0 && !WebSocketHandshake.IsAsked(httpContext);

    /// <summary>Reads it.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="mostBytes">How much may come.</param>
    /// <param name="look">Looks at it; it must keep none of it.</param>
    /// <returns>What was made of it; the default if there is more.</returns>
    public static async ValueTask<T?> ReadAsync<T>(HttpContext httpContext, int mostBytes, Func<ReadOnlySequence<byte>, T> look)
    {
        var request = httpContext.Request;
        if (request.ContentLength > mostBytes)
        {
            return default;
        }

        while (true)
        {
            var read = await request.BodyReader.ReadAsync(httpContext.RequestAborted).ConfigureAwait(false);
            if (read.Buffer.Length > mostBytes)
            {
                request.BodyReader.AdvanceTo(read.Buffer.Start);
                return default;
            }

            if (read.IsCompleted)
            {
                var seen = look(read.Buffer);
                request.BodyReader.AdvanceTo(read.Buffer.Start);
                return seen;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
