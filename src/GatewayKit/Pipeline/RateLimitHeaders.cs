namespace GatewayKit.Pipeline;

/// <summary>Which fields tell clients of their limits.</summary>
public enum RateLimitHeaders
{
    /// <summary><c>RateLimit</c> and <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers).</summary>
    Standard,

    /// <summary>
    /// <c>X-RateLimit-Limit</c>, <c>-Remaining</c> and <c>-Reset</c> in seconds from now, and the same as <c>RateLimit-Limit</c> and so on: of the
    /// limit of which the smallest share is left, which <c>X-RateLimit-Resource</c> names.
    /// </summary>
    Legacy,

    /// <summary>Both.</summary>
    Both,

    /// <summary>None. <c>Retry-After</c> is sent all the same.</summary>
    None,
}
