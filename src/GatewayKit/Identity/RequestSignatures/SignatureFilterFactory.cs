using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.RequestSignatures;

/// <summary>Finds out who is calling by the signature of a request.</summary>
internal sealed class SignatureFilterFactory(
    VerificationKeys keys, SignatureReplays replays, ConsumerDirectory directory, Guesses guesses, IdentityMetrics metrics, TimeProvider time, IOptions<GatewayOptions> options) : AuthenticationFilterFactory<SignaturePolicy>
{
    protected override AuthenticationCheck CreateCheck(SignaturePolicy policy, GatewayEndpoint endpoint) =>
        new SignatureCheck(policy, endpoint, new(keys, replays, directory, guesses, metrics, time), ChallengesOf(policy)).RunAsync;

    // There is no registered scheme for signatures of messages.
    protected override IReadOnlyList<string> ChallengesOf(SignaturePolicy policy) => [$"Signature realm=\"{options.Value.Pseudonym}\""];
}

/// <summary>What all endpoints that ask for signatures have in common.</summary>
internal sealed record SignatureServices(VerificationKeys Keys, SignatureReplays Replays, ConsumerDirectory Directory, Guesses Guesses, IdentityMetrics Metrics, TimeProvider Time);
