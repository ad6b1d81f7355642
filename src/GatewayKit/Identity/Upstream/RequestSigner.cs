using GatewayKit.Identity.Signatures;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.Upstream;

/// <summary>Signs messages to destinations, each attempt anew. Safe for concurrent use.</summary>
internal sealed class RequestSigner(RequestSigning signing, Secret secret, TimeProvider time) : IForwardSigner
{
    private const string Label = "gw";

    private readonly SignatureComponent[] _components = [.. signing.Components.Select(SignatureComponent.Of)];
    private Made? _key;

    /// <summary>The key; <see langword="null"/> if the secret is none.</summary>
    public SignatureKey? Key
    {
        get
        {
            var value = secret.Value;
            var made = Volatile.Read(ref _key);
            if (made is null || !ReferenceEquals(made.Of, value))
            {
                made = new(value, value is null ? null : SigningKeys.Create(value));
                Volatile.Write(ref _key, made);
            }

            return made.Key;
        }
    }

    public void Sign(HttpRequestMessage message, HttpContext httpContext)
    {
        message.Headers.Remove("Signature");
        message.Headers.Remove("Signature-Input");
        if (httpContext.Features.Get<BodyDigest>() is { } digest)
        {
            message.Headers.Remove(ContentDigest.Name);
            message.Headers.TryAddWithoutValidation(ContentDigest.Name, digest.Field);
        }

        var key = Key ?? throw new ForwardTransformException(RejectionReason.AuthUnavailable);
        var (outgoing, now) = (new OutgoingMessage(message), time.GetUtcNow());
        var parameters = SignatureParameters.Create(
            Array.FindAll(_components, component => component.IsDerived || outgoing.Field(component.Name).Count > 0),
            now, now + signing.Lifetime, nonce: null, key.Algorithm, signing.KeyId, signing.Tag);
        if (!MessageSignature.TrySign(Label, outgoing, parameters, key, out var signature, out _))
        {
            // Only a field can have something that cannot be signed, and a field is the client's.
            throw new ForwardTransformException(RejectionReason.HeaderValue);
        }

        message.Headers.TryAddWithoutValidation("Signature-Input", signature.Input);
        message.Headers.TryAddWithoutValidation("Signature", signature.Value);
    }

    private sealed record Made(string? Of, SignatureKey? Key)
    {
        // Not the secret.
        public override string ToString() => nameof(Made);
    }
}

/// <summary>What the body of a request is, for its signature.</summary>
/// <param name="Field">The value of <c>Content-Digest</c>.</param>
internal sealed record BodyDigest(string Field);
