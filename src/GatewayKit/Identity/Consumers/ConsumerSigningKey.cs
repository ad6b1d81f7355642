using System.ComponentModel.DataAnnotations;
using GatewayKit.Secrets;

namespace GatewayKit.Identity.Consumers;

/// <summary>A key that requests are signed with (RFC 9421). Immutable, with value equality; it never has a secret in it.</summary>
public sealed record ConsumerSigningKey
{
    /// <summary>What signatures call it in <c>keyid</c>, up to 256 characters of visible ASCII.</summary>
    [Required]
    public required string Id { get; init; }

    /// <summary>The one algorithm that it is used with: a signature cannot choose another.</summary>
    public required SigningAlgorithm Algorithm { get; init; }

    /// <summary>The public key in PEM, for all algorithms but <see cref="SigningAlgorithm.HmacSha256"/>. Default none.</summary>
    public string? PublicKey { get; init; }

    /// <summary>Where the secret is, for <see cref="SigningAlgorithm.HmacSha256"/>: 32 bytes or more, as text or behind <c>base64:</c>. It is followed while it is in use. Default none.</summary>
    public SecretReference? Secret { get; init; }

    /// <summary>When it stops working. Default never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether it was withdrawn. Default no.</summary>
    public bool IsRevoked { get; init; }
}

/// <summary>What signatures of requests are made with (RFC 9421 §3.3). Ed25519 is missing because .NET has none.</summary>
public enum SigningAlgorithm
{
    /// <summary><c>hmac-sha256</c>: a secret that both sides have.</summary>
    HmacSha256,

    /// <summary><c>ecdsa-p256-sha256</c>.</summary>
    EcdsaP256Sha256,

    /// <summary><c>ecdsa-p384-sha384</c>.</summary>
    EcdsaP384Sha384,

    /// <summary><c>rsa-pss-sha512</c>, with keys of 2,048 bits or more.</summary>
    RsaPssSha512,

    /// <summary><c>rsa-v1_5-sha256</c>, for those who cannot do better, and where the policy allows it.</summary>
    RsaV15Sha256,
}
