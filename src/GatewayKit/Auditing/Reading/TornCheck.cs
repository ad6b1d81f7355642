using System.Security.Cryptography;

namespace GatewayKit.Auditing.Reading;

/// <summary>Holds what was cut off segments after crashes against what the boot behind it says of that.</summary>
/// <param name="events">What the lines say.</param>
/// <param name="findings">Where findings go.</param>
internal sealed class TornCheck(EventCheck events, Findings findings)
{
    /// <summary>Looks at all boots of an instance.</summary>
    public async Task RunAsync(IReadOnlyList<KnownBoot> boots, CancellationToken cancellationToken)
    {
        foreach (var boot in boots)
        {
            foreach (var files in boot.Folder.Segments.Where(static files => files.File is not null))
            {
                var reports = events.Crashes.Where(report => report.Boot == boot.Folder.Id && report.Segment == files.Number).ToArray();
                if (files.Torn is { } torn)
                {
                    await CheckAsync(torn, files.Number, reports, mayBeUnreported: ReferenceEquals(boot, boots[^1]), cancellationToken).ConfigureAwait(false);
                }
                else if (Array.Find(reports, static report => report.Bytes > 0) is { } missing)
                {
                    findings.Violation(AuditFindingCode.TornTail, missing.Place, $"The {missing.Bytes} bytes that were cut off segment {files.Number} of boot {boot.Folder.Id}, as the line says, are not there.");
                }
            }
        }
    }

    private async Task CheckAsync(string torn, int segment, CrashReport[] reports, bool mayBeUnreported, CancellationToken cancellationToken)
    {
        var file = SegmentFiles.OpenFile(torn);
        await using (file.ConfigureAwait(false))
        {
            var (length, hash) = (file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false)));
            if (reports.Length is 0 ? mayBeUnreported : Array.Exists(reports, report => report.Bytes == length && report.Sha256 == hash))
            {
                findings.Note(AuditFindingCode.TornTail, new(torn), $"{length} bytes that a crash left of a line were cut off segment {segment} and kept.");
            }
            else
            {
                findings.Violation(
                    AuditFindingCode.TornTail,
                    new(torn),
                    reports.Length is 0 ? $"No boot behind it says that {length} bytes were cut off segment {segment}." : $"These {length} bytes are not those that were cut off segment {segment}: the boot behind it says {reports[^1].Bytes} bytes with the SHA-256 '{reports[^1].Sha256}'.");
            }
        }
    }
}
