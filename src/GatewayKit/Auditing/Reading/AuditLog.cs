using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// The journal of accesses, for whoever reads it. It may be read while it is written; nobody is held up. What is read is recorded by the log that is a service of a host that records, and by
/// <see cref="AuditReader.Log"/>; one that is made of a directory records nothing. Safe for concurrent use.
/// </summary>
public sealed partial class AuditLog
{
    private readonly string _directory;
    private readonly string[] _directories;
    private readonly ReadRecorder? _recorder;

    /// <summary>Takes the directory of a journal, in which its instances are. What is read is recorded nowhere: where it has to be, take <see cref="AuditReader.Open"/>.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="alternateDirectory">The directory where it goes on when its disk has failed, if it has one.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    public AuditLog(string directory, string? alternateDirectory = null)
        : this(directory, alternateDirectory, null)
    {
        if (Array.Find(_directories, static one => !Directory.Exists(one)) is { } missing)
        {
            throw new DirectoryNotFoundException($"There is no journal in '{missing}': no such directory.");
        }
    }

    internal AuditLog(string directory, string? alternateDirectory, ReadRecorder? recorder)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _directories = [.. JournalPaths.Roots(directory, alternateDirectory).Select(Path.GetFullPath)];
        (_directory, _recorder) = (_directories[0], recorder);
    }

    /// <summary>
    /// Reads all of it and says whether it is what was written: chains, numbers, roots, signatures, and that nothing is missing or has been added. What it needs to remember does not grow with the
    /// journal, but with the number of anchors. Reading alone is recorded nowhere: nobody learns from it what is in the journal.
    /// </summary>
    /// <param name="options">What it is held against.</param>
    /// <param name="progress">Is told how far it is, every 16 MiB.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file must not be read.</exception>
    /// <exception cref="InvalidDataException">A key that lies beside the journal is no key.</exception>
    public async Task<AuditVerification> VerifyAsync(AuditVerificationOptions? options = null, IProgress<AuditProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        options.Check();
        var findings = new Findings(_directory, options.MostFindings);
        var keys = options.TrustedKeys ?? OwnKeys(JournalFolder.Read(_directories), findings);
        using var signatures = new SignatureCheck(keys);

        // Before the files are listed: what was signed elsewhere by now is here by then.
        var anchors = await AnchorSet.ReadAsync(options.Anchors, signatures, findings, cancellationToken).ConfigureAwait(false);
        var folder = JournalFolder.Read(_directories);
        var instances = folder.Instances.Where(instance => options.Instances.Count is 0 || options.Instances.Contains(instance.Name)).ToArray();
        var work = new VerificationWork(progress, instances.SelectMany(static one => one.Boots).SelectMany(static boot => boot.Segments).Sum(static files => files.File is { } file ? VerificationWork.LengthOf(file) : 0));
        var reports = new List<AuditInstanceVerification>();
        foreach (var instance in instances)
        {
            var check = new InstanceCheck(instance, signatures, anchors, findings, work, options);
            reports.Add(await check.RunAsync(cancellationToken).ConfigureAwait(false));
            work.EndInstance(reports[^1].Lines);
        }

        Missing(options, folder, anchors, findings);
        foreach (var file in folder.Foreign)
        {
            findings.Violation(AuditFindingCode.ForeignBytes, new(file), "This is no file of a journal.");
        }

        if (options.Anchors.Count is 0)
        {
            findings.Note(AuditFindingCode.NoAnchor, new(_directory), "No anchors are named: if somebody has cut off the end of an instance with its checkpoints, or deleted its last boot or all of it, nothing here shows that.");
        }

        return new()
        {
            Violations = findings.Violations,
            Counts = findings.Counts,
            Findings = findings.All,
            Instances = reports,
            KeysAreTrusted = options.TrustedKeys is not null,
            Bytes = work.Bytes,
        };
    }

    private AuditKeys OwnKeys(JournalFolder folder, Findings findings)
    {
        findings.Note(AuditFindingCode.OwnKeys, new(_directory), "Signatures are checked with the keys that lie beside the journal. Keep keys elsewhere, and name them: whoever can write here can put others in their place.");
        return AuditKeys.Of(folder);
    }

    private void Missing(AuditVerificationOptions options, JournalFolder folder, AnchorSet anchors, Findings findings)
    {
        var there = folder.Instances.Select(static instance => instance.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var name in options.ExpectedInstances.Concat(options.Instances).Distinct(StringComparer.Ordinal).Where(name => !there.Contains(name)))
        {
            findings.Violation(AuditFindingCode.MissingInstance, new(_directory), $"Instance '{name}' is expected, and missing.");
        }

        var left = anchors.Left.Where(word => !there.Contains(word.Checkpoint.Instance)).GroupBy(static word => word.Checkpoint.Instance);
        foreach (var instance in left)
        {
            findings.Violation(AuditFindingCode.MissingInstance, instance.First().Place, $"Instance '{instance.Key}' is missing: there are {instance.Count()} anchors of it.");
        }
    }
}
