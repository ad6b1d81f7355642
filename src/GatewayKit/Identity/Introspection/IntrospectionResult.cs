using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.Introspection;

/// <summary>What came of asking about a token.</summary>
/// <param name="Token">What is known of it now; <see langword="null"/> if the server could not be asked.</param>
/// <param name="Failure">Why it could not.</param>
/// <param name="RetryAfter">When it is worth asking again.</param>
internal readonly record struct IntrospectionResult(IntrospectedToken? Token, CallFailure Failure, TimeSpan RetryAfter = default);
