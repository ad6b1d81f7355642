using System.ComponentModel.DataAnnotations;
using GatewayKit.Auditing.Personal;

namespace GatewayKit.Auditing.Journal;

/// <summary>Host-wide settings of the audit journal. What a route wants recorded lives in its policy. Read at start only.</summary>
public sealed record JournalOptions : IValidatableObject
{
    /// <summary>Where the journal is. Default <c>audit</c> in the content root of the host. It is not touched before something is to be recorded.</summary>
    public string Directory { get; init; } = "audit";

    /// <summary>
    /// The name of this instance, which is its folder in <see cref="Directory"/>: 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, the first of them not <c>.</c>. Default
    /// <see langword="null"/>: the name of the machine, with a number behind it where several processes share the directory.
    /// </summary>
    public string? Instance { get; init; }

    /// <summary>Where a journal goes on whose disk has failed: a directory on another one, from the content root on. Default <see langword="null"/>: requests are refused until the disk is well.</summary>
    public string? AlternateDirectory { get; init; }

    /// <summary>At how many bytes a segment is closed, 1 MiB to 1 GiB. Default 64 MiB.</summary>
    [Range(1024 * 1024, 1024 * 1024 * 1024)]
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>After how long a segment is closed, 1 minute to 1 day. Default 15 minutes.</summary>
    public TimeSpan SegmentAge { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long lines for which nobody waits may be with the operating system only, 1 to 200 milliseconds. Default 200 milliseconds. It is what a loss of power costs
    /// <see cref="AuditDelivery.Guaranteed"/>.
    /// </summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How many bytes may be with the operating system only, 4 KiB to 64 MiB. Default 1 MiB.</summary>
    [Range(4 * 1024, 64 * 1024 * 1024)]
    public long SyncBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// How many requests may have a beginning in the journal and no end yet, 16 to 1,000,000. Default 16,384. More are refused. For each the disk has 4 KiB set aside, in the file
    /// <c>reserve</c>: their ends are recorded even when it is full.
    /// </summary>
    [Range(16, 1_000_000)]
    public int MaxInFlight { get; init; } = 16_384;

    /// <summary>After how long a closed segment is compressed, zero to 10 years. Default 90 days.</summary>
    public TimeSpan CompressAfter { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// The file of the key that signs checkpoints: a private EC key on the curve P-256 in PEM, from the content root on. Default <see langword="null"/>: <c>signing.key</c> in the folder of the instance, which
    /// is made when it is not there. An <see cref="IAuditSigner"/> in DI takes its place.
    /// </summary>
    public string? SigningKeyFile { get; init; }

    /// <summary>Whether checkpoints are written to the log, for hosts whose log is kept where those who can change the journal cannot change it. Default no.</summary>
    public bool LogCheckpoints { get; init; }

    /// <summary>
    /// For how long no checkpoint may be made, because the key or the disk is away, 1 minute to 30 days. Default 1 hour. After that requests of routes with the delivery <see cref="AuditDelivery.Strict"/> are
    /// refused until one is; the others are recorded, served, and signed later.
    /// </summary>
    public TimeSpan UnsignedLimit { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// For how long an anchor may be without a checkpoint before the journal says so (<c>audit.degraded</c>) and the health check is degraded, 10 seconds to 1 day. Default 5 minutes. Requests are served in any
    /// case.
    /// </summary>
    public TimeSpan UnanchoredLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Boots, by their ids, whose journal is damaged, and that somebody has looked at: the host starts in spite of it although a route demands <see cref="AuditDelivery.Strict"/>.
    /// Default none.
    /// </summary>
    public IReadOnlyList<string> AcknowledgedDamages { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Which requests are recorded. Default <see cref="AuditScope.Host"/>.</summary>
    public AuditScope Scope { get; init; }

    /// <summary>
    /// Paths that are not recorded, such as that of a liveness probe; whole paths below the host, case is ignored. Default none. Endpoints that ask for records are recorded in any case, and the
    /// journal names the paths at its start.
    /// </summary>
    public IReadOnlyList<string> ExcludedPaths { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The field of the answer that has the id of the request's record. Default <c>X-Request-Id</c>; <see langword="null"/> tells nobody.</summary>
    public string? RequestIdHeader { get; init; } = "X-Request-Id";

    /// <summary>How long lines are kept, 1 day to 36,500 days. Default 400 days. A segment is deleted when its last line is older, nobody holds it, and everybody who has to has a copy.</summary>
    public TimeSpan RetainFor { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How it names people. Default <see langword="null"/>: callers and addresses are recorded as they are.</summary>
    public PersonalDataOptions? Personal { get; init; }

    /// <summary>The same, with paths that are not whole in a directory: the one rule for hosts and tools.</summary>
    internal JournalOptions In(string root) => this with
    {
        Directory = Path.Combine(root, Directory),
        AlternateDirectory = AlternateDirectory is { } alternate ? Path.Combine(root, alternate) : null,
        SigningKeyFile = SigningKeyFile is { } file ? Path.Combine(root, file) : null,
        Personal = Personal is { } personal ? personal with { KeyDirectory = Path.Combine(root, personal.KeyDirectory) } : null,
    };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext) =>
    [
        .. string.IsNullOrWhiteSpace(Directory) ? [new ValidationResult("Directory is empty; it must be a path.", [nameof(Directory)])] : Array.Empty<ValidationResult>(),
        .. AlternateDirectory is not null && string.IsNullOrWhiteSpace(AlternateDirectory) ? [new ValidationResult("AlternateDirectory is blank; it must be a path, or left out.", [nameof(AlternateDirectory)])] : Array.Empty<ValidationResult>(),
        .. SigningKeyFile is not null && string.IsNullOrWhiteSpace(SigningKeyFile) ? [new ValidationResult("SigningKeyFile is blank; it must be a path, or left out.", [nameof(SigningKeyFile)])] : Array.Empty<ValidationResult>(),
        .. Check(nameof(SegmentAge), SegmentAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1)),
        .. Check(nameof(RetainFor), RetainFor, TimeSpan.FromDays(1), TimeSpan.FromDays(36_500)),
        .. Check(nameof(CompressAfter), CompressAfter, TimeSpan.Zero, TimeSpan.FromDays(3650)),
        .. Check(nameof(UnsignedLimit), UnsignedLimit, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30)),
        .. Check(nameof(UnanchoredLimit), UnanchoredLimit, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)),
        .. Check(nameof(SyncInterval), SyncInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(200)),
        .. Instance is not null && JournalPaths.FaultOfInstance(Instance) is { } fault ? [new ValidationResult($"Instance {fault}.", [nameof(Instance)])] : Array.Empty<ValidationResult>(),
    ];

    private static IEnumerable<ValidationResult> Check(string name, TimeSpan value, TimeSpan least, TimeSpan most) =>
        value < least || value > most ? [new($"{name} is {value:c}; it must be from {least:c} to {most:c}.", [name])] : [];
}
