using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Schemes;

/// <summary>Makes consumers of callers whom somebody vouches for, such as a scheme of the host or whoever issued a token.</summary>
/// <param name="scopes">What a caller has to be granted.</param>
/// <param name="requireRegistered">Whether callers have to be known.</param>
/// <param name="insufficient">The refusal of one who was not granted all.</param>
/// <param name="endpoint">The endpoint.</param>
/// <param name="directory">Who is known.</param>
internal sealed class VouchedCallers(IReadOnlyList<string> scopes, bool requireRegistered, AuthenticationOutcome insufficient, GatewayEndpoint endpoint, ConsumerDirectory directory)
{
    private static readonly AuthenticationOutcome Suspended = Refuse("consumer-suspended");
    private static readonly AuthenticationOutcome NotRegistered = Refuse("not-registered");
    private static readonly AuthenticationOutcome NotSubscribed = AuthenticationOutcome.Refuse(new(RejectionReason.NotSubscribed));

    /// <summary>What becomes of a caller.</summary>
    /// <param name="known">Who is registered for them, if anybody is.</param>
    /// <param name="qualified">What they are called otherwise: with the name of who vouches in it, so that nobody takes the name of a registered consumer by having an issuer call them so.</param>
    /// <param name="granted">What they were granted; <see langword="null"/> if nothing was said of it.</param>
    public AuthenticationOutcome Resolve(KnownCredential? known, string qualified, IReadOnlyList<string>? granted)
    {
        GatewayConsumer? consumer;
        if (known is not null)
        {
            if (!known.IsActive)
            {
                return Suspended;
            }

            consumer = directory.Resolve(known, endpoint);
            consumer = granted is null ? consumer : consumer?.WithScopes(granted);
        }
        else if (requireRegistered)
        {
            return NotRegistered;
        }
        else
        {
            consumer = directory.Resolve(new GatewayConsumer(qualified) { Scopes = granted ?? [] }, endpoint);
        }

        if (consumer is null)
        {
            return NotSubscribed;
        }

        for (var i = 0; i < scopes.Count; i++)
        {
            if (!consumer.HasScope(scopes[i]))
            {
                return insufficient;
            }
        }

        return AuthenticationOutcome.Accept(consumer);
    }

    private static AuthenticationOutcome Refuse(string cause) => AuthenticationOutcome.Refuse(new(RejectionReason.Forbidden) { Cause = cause });
}
