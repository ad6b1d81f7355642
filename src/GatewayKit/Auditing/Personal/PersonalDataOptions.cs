using System.ComponentModel.DataAnnotations;
using GatewayKit.Secrets;

namespace GatewayKit.Auditing.Personal;

/// <summary>How the journal names people, host-wide. Read at start only.</summary>
public sealed record PersonalDataOptions : IValidatableObject
{
    internal const int MostEpochCharacters = 32;

    /// <summary>How much of an address is recorded. Default <see cref="RecordedAddress.Whole"/>.</summary>
    public RecordedAddress Addresses { get; init; }

    /// <summary>
    /// The keys of pseudonyms by the names of their epochs, 1 to 32 letters, digits, <c>-</c> and <c>_</c>: each at least 32 random bytes in Base64. Default none: callers and addresses are recorded as they
    /// are. Former keys may stay, so that holds find what was recorded under them; without its key a pseudonym leads to nobody.
    /// </summary>
    public IReadOnlyDictionary<string, SecretReference> PseudonymKeys { get; init => field = ValueMap<SecretReference>.From(value); } = ValueMap<SecretReference>.Empty;

    /// <summary>The epoch whose key is in use: one of <see cref="PseudonymKeys"/>. Default <see langword="null"/>: the only one there is. A new key is a new epoch.</summary>
    public string? PseudonymEpoch { get; init; }

    /// <summary>
    /// What of a record is encrypted, as its personal part, by a key of the consumer's own, or of the day where nobody knows who calls. Default none. When the key is erased nobody can read it any more, here or in any copy,
    /// and the journal still verifies.
    /// </summary>
    public IReadOnlyList<PersonalField> Encrypted { get; init => field = ValueList<PersonalField>.From(value); } = ValueList<PersonalField>.Empty;

    /// <summary>Where these keys are: a directory outside the journal and its backups. Default <c>audit-keys</c> in the content root of the host. An <see cref="IAuditKeyStore"/> in DI takes its place.</summary>
    public string KeyDirectory { get; init; } = "audit-keys";

    /// <summary>The epoch in use; <see langword="null"/> if pseudonyms are not.</summary>
    internal string? Epoch => PseudonymEpoch ?? (PseudonymKeys.Count is 1 ? PseudonymKeys.Keys.First() : null);

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(KeyDirectory))
        {
            yield return new("KeyDirectory is empty; it must be a path.", [nameof(KeyDirectory)]);
        }

        foreach (var epoch in PseudonymKeys.Keys)
        {
            if (epoch.Length is < 1 or > MostEpochCharacters || !epoch.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                yield return new($"PseudonymKeys has the epoch '{epoch}'; its name must be 1 to 32 letters, digits, '-' and '_'.", [nameof(PseudonymKeys)]);
            }
        }

        if (PseudonymEpoch is { } current && !PseudonymKeys.ContainsKey(current))
        {
            yield return new($"PseudonymEpoch is '{current}', which PseudonymKeys has no key for.", [nameof(PseudonymEpoch)]);
        }
        else if (PseudonymEpoch is null && PseudonymKeys.Count > 1)
        {
            yield return new($"PseudonymKeys has {PseudonymKeys.Count} keys; say in PseudonymEpoch which one is in use.", [nameof(PseudonymEpoch)]);
        }
    }
}

/// <summary>A part of records that tells of people.</summary>
public enum PersonalField
{
    /// <summary>Who called: <c>sub</c>, <c>app</c> and <c>keyId</c>. Their pseudonyms, if there are any, stay outside.</summary>
    Consumer,

    /// <summary>From which address: <c>src</c>. Its pseudonym, if there is one, stays outside.</summary>
    Address,

    /// <summary>With which program: <c>ua</c>.</summary>
    UserAgent,

    /// <summary>The fields of requests and answers that policies name: <c>hdr</c>.</summary>
    Headers,

    /// <summary>The query values that policies name: <c>q</c>.</summary>
    Query,

    /// <summary>The bodies that policies ask for: <c>bodyIn</c> and <c>bodyOut</c>. They are encrypted wherever anything is, named here or not.</summary>
    Bodies,
}

/// <summary>How much of an address the journal has.</summary>
public enum RecordedAddress
{
    /// <summary>All of it. The default.</summary>
    Whole,

    /// <summary>The network: the first 24 bits of IPv4, the first 48 of IPv6. The rest is 0.</summary>
    Network,
}
