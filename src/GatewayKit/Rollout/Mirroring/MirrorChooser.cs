using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Chooses which requests are copied.</summary>
internal sealed class MirrorChooser(MirrorPolicy policy, string routeId, Func<double> random)
{
    private readonly int _buckets = KeyHash.BucketsOf(policy.Percent);
    private readonly KeySource _keys = new(policy.Key, SplitCookie.DefaultName, new KeyHash(routeId));
    private readonly string[] _methods = [.. policy.Methods];

    public bool Includes(HttpContext httpContext)
    {
        // The draw first: it is the cheaper one, and most say no.
        var bucket = !_keys.IsPerRequest && _keys.TryHash(httpContext, out var hash) ? KeyHash.BucketOf(hash) : (int)(random() * KeyHash.Buckets);
        return bucket < _buckets && Array.IndexOf(_methods, httpContext.Request.Method) >= 0;
    }

    /// <summary>Why a request cannot be copied; <see langword="null"/> if it can.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="hasBody">Whether it has a body.</param>
    public string? WhyNot(HttpContext httpContext, out bool hasBody)
    {
        var request = httpContext.Request;
        hasBody = BodyDetection.MayHaveBody(httpContext);
        return request.Headers.Upgrade.Count > 0 || HttpMethods.IsConnect(request.Method) || GrpcCall.Is(request) ? MirrorSkip.Stream
            : hasBody && policy.MaxBodyBytes == 0 ? MirrorSkip.Body
            : hasBody && request.ContentLength > policy.MaxBodyBytes ? MirrorSkip.BodyTooLarge
            : null;
    }
}
