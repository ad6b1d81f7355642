using System.Buffers;
using GatewayKit.Identity.Signatures;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>Whether a body is the one that was signed.</summary>
internal enum BodyVerdict
{
    Same,
    Other,
    TooLarge,
}

/// <summary>Reads the body of a request to check its digests. Nothing is consumed: whoever reads it next finds it whole, and nobody sees any of it before.</summary>
internal static class SignedBody
{
    /// <summary>Checks a body.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="digests">The values of the fields with its digests.</param>
    /// <param name="mostBytes">How much is read.</param>
    public static async ValueTask<BodyVerdict> CheckAsync(HttpContext httpContext, IReadOnlyList<string> digests, int mostBytes)
    {
        if (!WholeBody.IsExpected(httpContext))
        {
            return Fits(digests, ReadOnlySequence<byte>.Empty);
        }

        return await WholeBody.ReadAsync<BodyVerdict?>(httpContext, mostBytes, body => Fits(digests, body)).ConfigureAwait(false) ?? BodyVerdict.TooLarge;
    }

    private static BodyVerdict Fits(IReadOnlyList<string> digests, ReadOnlySequence<byte> body)
    {
        foreach (var digest in digests)
        {
            if (!ContentDigest.Matches(digest, body))
            {
                return BodyVerdict.Other;
            }
        }

        return BodyVerdict.Same;
    }
}
