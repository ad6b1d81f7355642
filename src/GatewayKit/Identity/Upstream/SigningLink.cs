using System.Buffers;
using GatewayKit.Identity.Signatures;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.Upstream;

/// <summary>Has requests signed on their way out, and looks at small bodies before, so that the signature can cover them.</summary>
internal sealed class SigningLink(RequestSigner signer, int mostBytes, EndpointFilterDelegate next)
{
    private static readonly GatewayProblem TooLarge = new(RejectionReason.BodyTooLarge);

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext invocation)
    {
        if (signer.Key is null)
        {
            return new(TokenPassage.NoSecret);
        }

        var context = GatewayContext.From(invocation);
        context.ForwardSigner = signer;
        return mostBytes > 0 && BodyDetection.MayHaveBody(context.HttpContext) && !GrpcCall.Is(context.HttpContext.Request) ? DigestAsync(context) : next(context);
    }

    // Nothing is consumed: whoever sends the body finds it whole.
    private async ValueTask<object?> DigestAsync(GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (await WholeBody.ReadAsync(httpContext, mostBytes, static body => ContentDigest.Of(body.IsSingleSegment ? body.FirstSpan : body.ToArray())).ConfigureAwait(false) is not { } digest)
        {
            return TooLarge;
        }

        httpContext.Features.Set(new BodyDigest(digest));
        return await next(context).ConfigureAwait(false);
    }
}
