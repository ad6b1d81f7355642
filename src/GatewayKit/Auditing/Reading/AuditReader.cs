using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>
/// Somebody who reads a journal that no host of his has open. What is read is recorded in an instance of the reader's own, beside those that are read; what cannot be recorded is not read. Where a host
/// records, its <see cref="AuditLog"/> is a service, and records in the host's own instance.
/// </summary>
public sealed class AuditReader : IAsyncDisposable
{
    private readonly HostlessJournal _own;
    private readonly ReadRecorder _recorder;

    private AuditReader(AuditLog log, HostlessJournal own, ReadRecorder recorder) => (Log, _own, _recorder) = (log, own, recorder);

    /// <summary>The journal that is read.</summary>
    public AuditLog Log { get; }

    /// <summary>Begins to read.</summary>
    /// <param name="directory">The directory of the journal, in which its instances are.</param>
    /// <param name="reader">The name of the reader's instance: 1 to 64 letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, the first of them not <c>.</c>.</param>
    /// <param name="alternateDirectory">The directory where the journal goes on when its disk has failed, if it has one.</param>
    /// <exception cref="ArgumentException">The name is none.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="IOException">The reader's instance cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public static AuditReader Open(string directory, string reader, string? alternateDirectory = null)
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (JournalPaths.FaultOfInstance(reader) is { } fault)
        {
            throw new ArgumentException($"The name of a reader: {fault}.", nameof(reader));
        }

        _ = new AuditLog(directory, alternateDirectory);
        var own = HostlessJournal.Open(directory, alternateDirectory: null, reader);
        var recorder = new ReadRecorder(() => own.Journal, reader);
        return new(new(directory, alternateDirectory, recorder), own, recorder);
    }

    /// <summary>Records, as <c>audit.read</c>, that the journal is read by something else than <see cref="Log"/>, which has to wait for it.</summary>
    /// <param name="query">What will be read.</param>
    /// <param name="purpose">What for, in a word: <c>replay</c>.</param>
    /// <exception cref="IOException">It cannot be recorded.</exception>
    public async Task RecordReadAsync(AuditQuery query, string purpose)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        await _recorder.RecordAsync("audit.read", query, json => json.WriteString("purpose"u8, purpose)).ConfigureAwait(false);
    }

    /// <summary>Closes the reader's instance.</summary>
    public ValueTask DisposeAsync() => _own.DisposeAsync();
}
