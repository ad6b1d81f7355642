using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.Upstream;

/// <summary>What came of the wish for a token.</summary>
/// <param name="Token">The token, if there is one.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="RetryAfter">When it is worth asking again.</param>
internal readonly record struct TokenResult(UpstreamToken? Token, CallFailure Failure, TimeSpan RetryAfter = default)
{
    public static TokenResult Failed(CallFailure failure) => new(null, failure);
}
