using System.Security.Cryptography;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

/// <summary>A journal in a folder of its own, and the key that signs it.</summary>
public abstract class JournalTest : IDisposable
{
    protected JournalTest() => Builder = new(Directory, key: Key);

    private protected string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("journal-").FullName;

    private protected string Elsewhere { get; } = System.IO.Directory.CreateTempSubdirectory("elsewhere-").FullName;

    private protected ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private protected JournalBuilder Builder { get; }

    private protected AuditKeys Trusted => AuditKeys.Create([KeyValuePair.Create(JournalBuilder.KeyId, Key.ExportSubjectPublicKeyInfoPem())]);

    public void Dispose()
    {
        Builder.Dispose();
        Key.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
        System.IO.Directory.Delete(Elsewhere, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected Task<AuditVerification> VerifyAsync(AuditVerificationOptions? options = null) =>
        new AuditLog(Directory).VerifyAsync(options ?? new() { TrustedKeys = Trusted });

    /// <summary>Codes of all violations, each once.</summary>
    private protected async Task<AuditFindingCode[]> ViolationsAsync(AuditVerificationOptions? options = null) => Violations(await VerifyAsync(options));

    private protected static AuditFindingCode[] Violations(AuditVerification report) =>
        [.. report.Findings.Where(static finding => finding.Level is AuditFindingLevel.Violation).Select(static finding => finding.Code).Distinct()];

    /// <summary>Codes of all notes, each once; that there is no anchor is one of nearly every report here.</summary>
    private protected static AuditFindingCode[] Notes(AuditVerification report) =>
        [.. report.Findings.Where(static finding => finding is { Level: AuditFindingLevel.Note, Code: not AuditFindingCode.NoAnchor }).Select(static finding => finding.Code).Distinct()];

    /// <summary>Two boots of two segments each, with checkpoints on the way, all of it signed.</summary>
    private protected void WriteTwoBoots(int requests = 10)
    {
        for (var boot = 0; boot < 2; boot++)
        {
            // Not drawn by chance: what a seed edits is the same each time.
            Builder.StartBoot(new(boot + 1, 0, 0, new byte[8]));
            Requests(requests).Checkpoint();
            Requests(requests).Rotate();
            Requests(requests).Checkpoint();
            Requests(requests).Stop();
        }
    }

    private protected JournalBuilder Requests(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Builder.Request();
        }

        return Builder;
    }

    private protected static void Edit(string file, Func<string[], IEnumerable<string>> edit) => File.WriteAllText(file, string.Concat(edit(File.ReadAllLines(file)).Select(static line => line + "\n")));
}
