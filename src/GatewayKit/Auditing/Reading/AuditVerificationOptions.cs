namespace GatewayKit.Auditing.Reading;

/// <summary>What a journal is held against.</summary>
public sealed record AuditVerificationOptions
{
    /// <summary>The keys to trust, from elsewhere. Default <see langword="null"/>: of each instance those that lie in its folder, which the report then says.</summary>
    public AuditKeys? TrustedKeys { get; init; }

    /// <summary>Files of checkpoints that were kept elsewhere, one a line: only they show that a journal was cut off, or that a boot or an instance is missing. Default none.</summary>
    public IReadOnlyList<string> Anchors { get; init; } = [];

    /// <summary>Instances that have to be there. Default none.</summary>
    public IReadOnlyList<string> ExpectedInstances { get; init; } = [];

    /// <summary>Which instances are verified. Default none named: all.</summary>
    public IReadOnlyList<string> Instances { get; init; } = [];

    /// <summary>
    /// How much of an instance's end may be without a signature, by the latest time that a line there says, 0 to 1 day; 0 allows no line. Default 1 minute: a journal that is written signs every ten
    /// seconds. Of an instance without any signature, its first line may be as old.
    /// </summary>
    public TimeSpan MostUnsigned { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How many lines of an instance's end may be without a signature, whatever times they say, 0 to 1,000,000,000; 0 allows none. Default 16,384: a journal that is written signs every 4,096 lines, and
    /// may be a few behind.
    /// </summary>
    public long MostUnsignedLines { get; init; } = 16_384;

    /// <summary>How many violations, and how many notes, are told whole, 1 to 100,000; all of them are counted. Default 1,000.</summary>
    public int MostFindings { get; init; } = 1_000;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MostUnsigned, TimeSpan.Zero, nameof(MostUnsigned));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MostUnsigned, TimeSpan.FromDays(1), nameof(MostUnsigned));
        ArgumentOutOfRangeException.ThrowIfNegative(MostUnsignedLines, nameof(MostUnsignedLines));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MostUnsignedLines, 1_000_000_000, nameof(MostUnsignedLines));
        ArgumentOutOfRangeException.ThrowIfLessThan(MostFindings, 1, nameof(MostFindings));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MostFindings, 100_000, nameof(MostFindings));
    }
}
