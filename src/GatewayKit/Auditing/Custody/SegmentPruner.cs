using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Custody;

/// <summary>Deletes what nobody has to keep of an instance: whole segments, the oldest first, up to the first one that stays. So there is one gap, at the beginning, and the chain goes on behind it.</summary>
/// <param name="instance">The instance.</param>
/// <param name="directories">Where the journal is.</param>
/// <param name="keptSince">What is younger stays.</param>
/// <param name="holds">The holds in force.</param>
/// <param name="holding">Whoever sets a hold in this process has it meanwhile.</param>
/// <param name="guards">Who has to have copies.</param>
/// <param name="logger">Is told what went.</param>
internal sealed partial class SegmentPruner(
    string instance, string[] directories, DateTimeOffset keptSince, Func<IReadOnlyList<AuditHold>> holds, SemaphoreSlim holding, IReadOnlyList<IAuditSegmentGuard> guards, ILogger logger)
{
    /// <summary>Deletes, and says so before.</summary>
    /// <param name="journal">The journal of the instance, open.</param>
    /// <param name="progress">Is told after each segment.</param>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    public async Task<AuditPruning> RunAsync(AuditJournal journal, IProgress<AuditPruning>? progress, CancellationToken cancellationToken)
    {
        var done = new AuditPruning(0, 0, AuditPruningStop.Newest);
        foreach (var (boot, files) in await ListAsync(journal.Boot, cancellationToken).ConfigureAwait(false))
        {
            var held = holds();
            var (reason, survey) = await LookAsync(boot, files, held, cancellationToken).ConfigureAwait(false);

            // To look takes as long as there is to read. A hold that was set meanwhile, perhaps by another process, counts before anything is recorded.
            while (survey is not null && holds() is var latest && !latest.SequenceEqual(held))
            {
                held = latest;
                (reason, survey) = await LookAsync(boot, files, held, cancellationToken).ConfigureAwait(false);
            }

            if (survey is null || !await RecordAsync(journal, boot, files, survey).ConfigureAwait(false))
            {
                done = done with { Stop = survey is null ? reason : AuditPruningStop.Unrecorded };
                break;
            }

            // The same while it was recorded, which is then recorded again when it goes.
            if (await DeleteAsync(boot, files, held, cancellationToken).ConfigureAwait(false) is { } late)
            {
                done = done with { Stop = late };
                break;
            }

            done = done with { Segments = done.Segments + 1, Lines = done.Lines + survey.Count };
            progress?.Report(done);
        }

        if (done.Segments > 0)
        {
            Log.Pruned(logger, done.Segments, done.Lines);
        }

        return done;
    }

    /// <summary>Says what would be deleted.</summary>
    /// <param name="isInUse">Whether a process writes it, so that the newest segment stays; otherwise whoever deletes begins a boot, and with it a newer one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<AuditPruning> PreviewAsync(bool isInUse, CancellationToken cancellationToken)
    {
        var found = new AuditPruning(0, 0, AuditPruningStop.Newest);
        var boots = await BootsAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (boot, files) in await ListAsync(isInUse && boots.Count > 0 ? boots[^1].Folder.Id : null, cancellationToken).ConfigureAwait(false))
        {
            var (reason, survey) = await LookAsync(boot, files, holds(), cancellationToken).ConfigureAwait(false);
            if (survey is null)
            {
                return found with { Stop = reason };
            }

            found = found with { Segments = found.Segments + 1, Lines = found.Lines + survey.Count };
        }

        return found;
    }

    /// <summary>When the newest record was written, as it says, or its segment begun if that cannot be read; <see langword="null"/> if there is none.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<DateTimeOffset?> NewestAsync(CancellationToken cancellationToken)
    {
        foreach (var files in (await ListAsync(written: null, cancellationToken).ConfigureAwait(false)).Select(static one => one.Files).Where(static files => files.File is not null).Reverse())
        {
            var survey = await SegmentSurvey.ReadAsync(files, [], cancellationToken).ConfigureAwait(false);
            if ((survey?.Latest ?? (await SegmentHeader.ReadAsync(files, cancellationToken).ConfigureAwait(false))?.Time) is { } time)
            {
                return time;
            }
        }

        return null;
    }

    private Task<IReadOnlyList<KnownBoot>> BootsAsync(CancellationToken cancellationToken) =>
        JournalFolder.Read(directories).Instances.FirstOrDefault(one => one.Name == instance) is { } folder
            ? KnownBoot.OrderAsync(folder, cancellationToken)
            : Task.FromResult<IReadOnlyList<KnownBoot>>([]);

    // All but the newest of the boot that is written, if one is.
    private async Task<IReadOnlyList<(Guid Boot, SegmentFiles Files)>> ListAsync(Guid? written, CancellationToken cancellationToken)
    {
        var boots = await BootsAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. boots.TakeWhile(boot => boot.Folder.Id != written).SelectMany(static boot => boot.Folder.Segments.Select(files => (boot.Folder.Id, files))),
            .. boots.Where(boot => boot.Folder.Id == written).SelectMany(static boot => boot.Folder.Segments.SkipLast(1).Select(files => (boot.Folder.Id, files))),
        ];
    }

    private async Task<(AuditPruningStop Stop, SegmentSurvey? Survey)> LookAsync(Guid boot, SegmentFiles files, IReadOnlyList<AuditHold> held, CancellationToken cancellationToken)
    {
        // Younger than its first line it cannot be.
        var header = files.File is null ? null : await SegmentHeader.ReadAsync(files, cancellationToken).ConfigureAwait(false);
        if (header?.Time >= keptSince)
        {
            return (AuditPruningStop.Retention, null);
        }

        var survey = header is null ? null : await SegmentSurvey.ReadAsync(files, held, cancellationToken).ConfigureAwait(false);
        return survey is null ? (AuditPruningStop.Unreadable, null)
            : survey.Latest >= keptSince ? (AuditPruningStop.Retention, null)
            : survey.Hold is not null ? (AuditPruningStop.Hold, null)
            : !guards.All(guard => MayDelete(guard, boot, files.Number)) ? (AuditPruningStop.Guard, null)
            : (default, survey);
    }

    private bool MayDelete(IAuditSegmentGuard guard, Guid boot, int segment)
    {
        try
        {
            return guard.MayDelete(instance, boot, segment);
        }
#pragma warning disable CA1031 // A guard is the host's, and may fail in its own way.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.GuardFailed(logger, exception);
            return false;
        }
    }

    private static ValueTask<bool> RecordAsync(AuditJournal journal, Guid boot, SegmentFiles files, SegmentSurvey survey) =>
        journal.AppendAsync(
            journal.NewEvent("audit.retention", json =>
            {
                json.WriteString("prunedBoot"u8, boot);
                json.WriteNumber("prunedFrom"u8, files.Number);
                json.WriteNumber("prunedTo"u8, files.Number);
                json.WriteNumber("count"u8, survey.Count);
                json.WriteNumber("firstSeq"u8, survey.FirstSequence);
                json.WriteNumber("lastSeq"u8, survey.LastSequence);
                json.WriteString("lastHash"u8, survey.LastHash);
                json.WriteString("lastRoot"u8, survey.Root);
            }),
            AuditDelivery.Strict);

    // Between the last look and the end of the deletion nobody sets a hold, which would count for nothing.
    private async Task<AuditPruningStop?> DeleteAsync(Guid boot, SegmentFiles files, IReadOnlyList<AuditHold> held, CancellationToken cancellationToken)
    {
        await holding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (holds() is var now && !now.SequenceEqual(held) && await LookAsync(boot, files, now, cancellationToken).ConfigureAwait(false) is { Survey: null, Stop: var late })
            {
                return late;
            }

            Delete(files);
            return null;
        }
        finally
        {
            holding.Release();
        }
    }

    // The segment last: what an interruption leaves is found again, and recorded again.
    private static void Delete(SegmentFiles files)
    {
        var folder = Path.GetDirectoryName(files.File!)!;
        foreach (var path in ((string?[])[files.Checkpoints, files.Torn, files.Compressed, files.Plain]).OfType<string>())
        {
            JournalFiles.Instance.Delete(path);
        }

        if (Directory.EnumerateFileSystemEntries(folder).Any())
        {
            JournalFiles.Instance.SyncDirectory(folder);
        }
        else
        {
            Directory.Delete(folder);
            JournalFiles.Instance.SyncDirectory(Path.GetDirectoryName(folder)!);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalPruned, LogLevel.Information, "{Segments} segments of the audit journal with {Lines} lines were deleted: their time had passed. The journal says which.")]
        public static partial void Pruned(ILogger logger, int segments, long lines);

        [LoggerMessage(EventIds.JournalNotPruned, LogLevel.Warning, "Whether a copy of a segment of the audit journal is where it has to be cannot be found out: the segment stays.")]
        public static partial void GuardFailed(ILogger logger, Exception exception);
    }
}
