using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace GatewayKit.Auditing.Reading;

/// <summary>What a verification of a journal found. Immutable.</summary>
public sealed record AuditVerification
{
    /// <summary>Whether every byte is accounted for: there is no violation.</summary>
    public bool IsIntact => Violations is 0;

    /// <summary>How many violations there are.</summary>
    public required long Violations { get; init; }

    /// <summary>How many findings of each code there are.</summary>
    public required IReadOnlyDictionary<AuditFindingCode, long> Counts { get; init; }

    /// <summary>The first findings, in the order in which they were made.</summary>
    public required IReadOnlyList<AuditFinding> Findings { get; init; }

    /// <summary>What was read of each instance.</summary>
    public required IReadOnlyList<AuditInstanceVerification> Instances { get; init; }

    /// <summary>Whether signatures were checked with keys from elsewhere, not with those that lie beside the journal.</summary>
    public required bool KeysAreTrusted { get; init; }

    /// <summary>How many bytes of segments were read, as they lie on the disk.</summary>
    public required long Bytes { get; init; }

    /// <summary>How many lines were read.</summary>
    public long Lines => Instances.Sum(static instance => instance.Lines);

    /// <summary>The report as JSON, with names in camel case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, VerificationJson.Default.AuditVerification);

    /// <summary>The report as a text for people.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var instance in Instances)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{instance}");
        }

        foreach (var finding in Findings)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{finding}");
        }

        var told = Findings.Count;
        var all = Counts.Values.Sum();
        if (all > told)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{all - told} more findings: {string.Join(", ", Counts.Select(static pair => $"{pair.Value} {pair.Key}"))}.");
        }

        text.Append(IsIntact ? "Intact." : string.Create(CultureInfo.InvariantCulture, $"NOT INTACT: {Violations} violation{(Violations is 1 ? string.Empty : "s")}."));
        return text.ToString();
    }
}

/// <summary>What was read of one instance.</summary>
public sealed record AuditInstanceVerification
{
    /// <summary>The instance.</summary>
    public required string Instance { get; init; }

    /// <summary>How many boots are there.</summary>
    public required long Boots { get; init; }

    /// <summary>How many segments are there.</summary>
    public required long Segments { get; init; }

    /// <summary>How many lines they have.</summary>
    public required long Lines { get; init; }

    /// <summary>How many requests began.</summary>
    public required long Requests { get; init; }

    /// <summary>How many checkpoints have right signatures.</summary>
    public required long Checkpoints { get; init; }

    /// <summary>How many lines at the end no signature covers.</summary>
    public required long UnsignedLines { get; init; }

    /// <summary>When the last checkpoint that fits was signed; <see langword="null"/> if none does.</summary>
    public DateTimeOffset? SignedAt { get; init; }

    /// <summary>The latest boot; <see langword="null"/> if there is none.</summary>
    public Guid? LastBoot { get; init; }

    /// <summary>The number of its last line.</summary>
    public long? LastSequence { get; init; }

    /// <summary>The hash of its last line, base64url: whoever notes it can tell later whether the journal up to there is the same.</summary>
    public string? LastHash { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Instance}: {Boots} boots, {Segments} segments, {Lines} lines, {Requests} requests, {Checkpoints} checkpoints, {UnsignedLines} lines unsigned, signed last {SignedAt?.ToString("O", CultureInfo.InvariantCulture) ?? "never"}.");
}

/// <summary>How reports of verifications are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(AuditVerification))]
internal sealed partial class VerificationJson : JsonSerializerContext;
