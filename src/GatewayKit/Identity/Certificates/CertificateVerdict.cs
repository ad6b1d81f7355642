namespace GatewayKit.Identity.Certificates;

/// <summary>What looking at a certificate came to. Immutable.</summary>
internal sealed class CertificateVerdict
{
    /// <summary>The cause for certificates whose revocation could not be looked up.</summary>
    public const string Unavailable = "revocation-unavailable";

    /// <summary>Why it does not count, in a word of a few; <see langword="null"/> if it does while it is valid.</summary>
    public string? Fault { get; init; }

    /// <summary>Its names, if they could be read.</summary>
    public CertificateNames? Names { get; init; }

    /// <summary>Whether somebody vouches for its names: an authority, or a pin.</summary>
    public bool IsTrusted { get; init; }

    /// <summary>When it becomes valid: it, and all that issued it.</summary>
    public DateTimeOffset From { get; init; } = DateTimeOffset.MinValue;

    /// <summary>When it, or something that issued it, ends.</summary>
    public DateTimeOffset Until { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>When it has to be looked at again.</summary>
    public DateTimeOffset LookAgainAt { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Why it does not count at a time.</summary>
    public string? FaultAt(DateTimeOffset now) => Fault ?? (now < From ? "not-yet-valid" : now > Until ? "expired" : null);
}
