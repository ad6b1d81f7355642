using System.Text.Json;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Custody;

/// <summary>
/// What becomes of the records of this host: how long they are kept, what is held, and what nobody may read any more. Each act is itself in the journal, before it is done. In DI as a singleton; safe for concurrent use.
/// Whoever calls it has to have the right to: it is reached by code of the host only.
/// </summary>
public sealed partial class AuditCustody : IDisposable
{
    private readonly Func<AuditJournal?> _journal;
    private readonly Func<PersonalData> _personal;
    private readonly string[] _directories;
    private readonly TimeSpan _retainFor;
    private readonly IReadOnlyList<IAuditSegmentGuard> _guards;
    private readonly AuditHolds _holds;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ClockWatch _clock;

    // Holds and erasures wait for each other, and for the deletion of one segment. A run over all segments takes long, and holds do not wait for it.
    private readonly SemaphoreSlim _one = new(1);
    private readonly SemaphoreSlim _pruning = new(1);

    internal AuditCustody(
        Func<AuditJournal?> journal, Func<PersonalData> personal, IEnumerable<string> directories, TimeSpan retainFor, IEnumerable<IAuditSegmentGuard> guards, TimeProvider time, ILogger logger,
        ClockWatch? clock = null)
    {
        (_journal, _personal, _directories, _retainFor, _guards, _time, _logger) = (journal, personal, [.. directories], retainFor, [.. guards], time, logger);
        _clock = clock ?? new(time);
        _holds = new(AuditHolds.In(_directories[0]));
    }

    /// <summary>Whether events never say the names that a hold touches, since nobody knows whether the journal may have them.</summary>
    internal bool HidesNames { get; init; }

    /// <summary>The holds in force.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public IReadOnlyList<AuditHold> Holds => _holds.Read();

    /// <summary>The names that records of this host may have a consumer by: by each pseudonym whose key is known, as it is, and by its key.</summary>
    /// <param name="consumer">The consumer's id.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<string>> SubjectsOfAsync(string consumer, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(consumer);
        var keys = _personal().Keys is { } data ? await data.Store.FindIdsAsync(DataKeys.TextOf((DataKeys.Consumer, consumer)), cancellationToken).ConfigureAwait(false) : [];
        return [.. _personal().NamesOf(PersonalData.Consumer, consumer), .. keys];
    }

    /// <summary>Sets a hold. It counts from the moment this returns, for every instance that writes to the same directory. Recorded as <c>hold.set</c>.</summary>
    /// <param name="hold">What it touches; id and time are given here. For a consumer, <see cref="SubjectsOfAsync"/> says what names to hold.</param>
    /// <param name="actor">Who does it.</param>
    /// <returns>The hold with its id.</returns>
    /// <exception cref="InvalidOperationException">There is no journal, or it does not take records.</exception>
    /// <exception cref="IOException">The hold cannot be kept.</exception>
    public async Task<AuditHold> HoldAsync(AuditHold hold, string actor)
    {
        ArgumentNullException.ThrowIfNull(hold);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        var set = hold with { Id = Guid.NewGuid().ToString("N"), SetAt = _time.GetUtcNow() };
        await _one.WaitAsync().ConfigureAwait(false);
        try
        {
            // First of all it holds.
            _holds.Add(set);
            await RecordAsync("hold.set", actor, json => Describe(json, set)).ConfigureAwait(false);
            return set;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Releases a hold. Recorded as <c>hold.released</c>.</summary>
    /// <param name="id">The id of the hold.</param>
    /// <param name="actor">Who does it.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="InvalidOperationException">There is no journal, or it does not take records: the hold stays.</exception>
    /// <exception cref="IOException">The hold cannot be removed.</exception>
    public async Task<bool> ReleaseAsync(string id, string actor)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentException.ThrowIfNullOrEmpty(actor);
        if (Holds.FirstOrDefault(hold => hold.Id == id) is not { } known)
        {
            return false;
        }

        await RecordAsync("hold.released", actor, json => Describe(json, known)).ConfigureAwait(false);
        return _holds.Remove(id);
    }

    /// <summary>
    /// Erases the key of a consumer: nobody can read the personal parts of its records any more, in the journal or in any copy, and the chain stays what it is. What was recorded in the clear, pseudonyms among it, stays.
    /// A hold that touches the consumer wins. Recorded as <c>audit.erased</c>, without keys if there are none, or <c>audit.erasure_refused</c>, with the ids of keys and holds and not with the consumer.
    /// </summary>
    /// <param name="consumer">The consumer's id.</param>
    /// <param name="actor">Who does it.</param>
    /// <param name="cancellationToken">Ends it before it is done.</param>
    /// <exception cref="InvalidOperationException">There is no journal, nothing in it is encrypted, or it does not take records.</exception>
    public async Task<AuditErasure> EraseAsync(string consumer, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(actor);
        var keys = _personal().Keys ?? throw new InvalidOperationException("No part of the journal is encrypted (Journal.Personal.Encrypted): there is no key whose erasure would make anything unreadable.");
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var subjects = await SubjectsOfAsync(consumer, cancellationToken).ConfigureAwait(false);
            var holds = HoldsOn(subjects);
            var ids = await keys.Store.FindIdsAsync(DataKeys.TextOf((DataKeys.Consumer, consumer)), cancellationToken).ConfigureAwait(false);
            if (holds.Length is 0)
            {
                await RecordAsync("audit.erased", actor, json => Write(json, "keys", ids)).ConfigureAwait(false);

                // One that another process has set meanwhile counts; then the journal has both.
                holds = HoldsOn(subjects);
            }

            if (holds.Length > 0)
            {
                await RecordAsync("audit.erasure_refused", actor, json =>
                {
                    Write(json, "keys", ids);
                    Write(json, "holds", holds);
                }).ConfigureAwait(false);
                return new([], holds);
            }

            var erased = await keys.EraseAsync((DataKeys.Consumer, consumer), cancellationToken).ConfigureAwait(false);
            if (erased.Except(ids).ToArray() is { Length: > 0 } more && !await TryRecordAsync("audit.erased", actor, json => Write(json, "keys", more)).ConfigureAwait(false))
            {
                throw new InvalidOperationException($"The journal does not take records any more: that the keys {string.Join(", ", more)} were erased, which were made meanwhile, is not recorded. The erasure is done.");
            }

            return new(erased, []);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// Deletes the segments of this instance whose time has come, the oldest first and no further than to the first one that has to stay. Each is recorded as <c>audit.retention</c>, with what the chain needs to be verified
    /// across the gap, before it goes. The host does this once an hour by itself. Nothing goes while the clock of the machine is more than a day ahead of the time that has passed in this process.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    /// <exception cref="InvalidOperationException">There is no journal.</exception>
    /// <exception cref="IOException">A file cannot be read or deleted.</exception>
    public Task<AuditPruning> PruneAsync(CancellationToken cancellationToken = default) => PruneAsync(progress: null, cancellationToken);

    /// <summary>Tells what <see cref="PruneAsync(CancellationToken)"/> would delete, and why the next segment would stay. Nothing is deleted or recorded.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidOperationException">There is no journal.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public Task<AuditPruning> PreviewAsync(CancellationToken cancellationToken = default) => PreviewAsync(Journal.Instance, isInUse: true, cancellationToken);

    internal Task<AuditPruning> PreviewAsync(string instance, bool isInUse, CancellationToken cancellationToken) => Pruner(instance).PreviewAsync(isInUse, cancellationToken);

    internal async Task<bool> IsClockPlausibleAsync(string instance, CancellationToken cancellationToken) =>
        await Pruner(instance).NewestAsync(cancellationToken).ConfigureAwait(false) is not { } newest || ClockWatch.IsPlausible(_time.GetUtcNow(), newest, _retainFor);

    internal async Task<AuditPruning> PruneAsync(IProgress<AuditPruning>? progress, CancellationToken cancellationToken)
    {
        var journal = Journal;
        if (_clock.FarAhead is { } ahead)
        {
            // By such a clock all of the journal may be old.
            Log.ClockAhead(_logger, ahead);
            return new(0, 0, AuditPruningStop.Clock);
        }

        await _pruning.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Pruner(journal.Instance).RunAsync(journal, progress, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _pruning.Release();
        }
    }

    /// <summary>Gives back what it waits with; the host does.</summary>
    public void Dispose()
    {
        _one.Dispose();
        _pruning.Dispose();
    }

    private AuditJournal Journal => _journal() ?? throw new InvalidOperationException("There is no journal on this host: nothing is recorded.");

    private string[] HoldsOn(IReadOnlyList<string> subjects) => [.. Holds.Where(hold => hold.Touches(subjects)).Select(static hold => hold.Id)];

    private SegmentPruner Pruner(string instance) => new(instance, _directories, _time.GetUtcNow() - _retainFor, _holds.Read, _one, _guards, _logger);

    private async Task RecordAsync(string name, string actor, Action<Utf8JsonWriter> write)
    {
        if (!await TryRecordAsync(name, actor, write).ConfigureAwait(false))
        {
            throw new InvalidOperationException($"The journal does not take records: '{name}' cannot be recorded, and is not done.");
        }
    }

    private ValueTask<bool> TryRecordAsync(string name, string actor, Action<Utf8JsonWriter> write)
    {
        var (journal, personal) = (Journal, _personal());
        var entry = journal.NewEvent(name, json =>
        {
            json.WriteString("actor"u8, personal.Name(PersonalData.Actor, actor));
            write(json);
        });
        return journal.AppendAsync(entry, AuditDelivery.Strict);
    }

    // A person's name is in the file of the hold and not here, where names are pseudonyms.
    private void Describe(Utf8JsonWriter json, AuditHold hold)
    {
        var isHidden = HidesNames || _personal().Epoch is not null || _personal().Hides(PersonalField.Consumer);
        json.WriteString("hold"u8, hold.Id);
        json.WriteNumber("subjects"u8, hold.Subjects.Count);
        if (!isHidden)
        {
            Write(json, "names", hold.Subjects);
        }

        foreach (var (name, value) in ((string, object?)[])[("from", hold.From), ("to", hold.To), ("route", hold.Route), ("reason", hold.Reason)])
        {
            if (value is not null)
            {
                json.WriteString(name, value is DateTimeOffset time ? time.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture) : (string)value);
            }
        }
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RetentionClockAhead, LogLevel.Error, "Nothing of the audit journal is deleted: somebody has set the clock {Ahead} ahead since this process began. Correct it, or start the process again if it was wrong before.")]
        public static partial void ClockAhead(ILogger logger, TimeSpan ahead);
    }
}
