using System.Globalization;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Personal;

/// <summary>The keys in use of a boot: those of its subjects of the last while. A store that is away leaves what is known in use, and what is not known out of records. Thread-safe.</summary>
internal sealed partial class DataKeys(IAuditKeyStore store, TimeProvider time, ILogger logger)
{
    public const string Consumer = "sub";
    public const string Day = "day";

    private const int MostKept = 16_384;
    private const int MostTries = 3;

    // A request waits for a record no longer either.
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    // What another instance has erased is in use here for no longer.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    // So that no request waits for a key that is in use all the time.
    private static readonly TimeSpan RenewAfter = TimeSpan.FromMinutes(4);

    private readonly Lock _lock = new();
    private readonly RecentValues<(string Type, string Value), DataKey> _keys = new(MostKept);
    private readonly Dictionary<(string Type, string Value), Task<DataKey?>> _asked = [];
    private Guid _boot;
    private Action<bool> _onFailing = static _ => { };
    private Today _today = new(default, string.Empty);
    private long _number, _erasures, _retryAt;
    private volatile bool _isFailing;

    /// <summary>Where keys are kept.</summary>
    public IAuditKeyStore Store => store;

    /// <summary>Begins a boot.</summary>
    /// <param name="boot">Its id.</param>
    /// <param name="onFailing">Is told when keys cannot be had, and when they can again.</param>
    public void Begin(Guid boot, Action<bool> onFailing) => (_boot, _onFailing) = (boot, onFailing);

    /// <summary>A number that nobody else has of this boot.</summary>
    public long NextNumber() => Interlocked.Increment(ref _number);

    /// <summary>The subject of a request.</summary>
    /// <param name="consumer">Who calls; <see langword="null"/> if nobody knows.</param>
    public (string Type, string Value) SubjectOf(string? consumer) => consumer is not null ? (Consumer, consumer) : (Day, DateText());

    /// <summary>Finds a key at once.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="key">The key; <see langword="null"/> if there is none to be had.</param>
    /// <returns>Whether there is nothing to wait for.</returns>
    public bool TryGet((string Type, string Value) subject, out DataKey? key)
    {
        key = Known(subject);
        var (now, isFailing) = (time.GetTimestamp(), _isFailing);
        var isAway = isFailing && now < Volatile.Read(ref _retryAt);
        if (key is null || (now >= key.EndsAt && !isFailing))
        {
            return isAway;
        }

        if (now >= key.DueAt && !isAway)
        {
            _ = GetAsync(subject);
        }

        return true;
    }

    /// <summary>Gets a key from the store, which is asked once for all who ask at the same time.</summary>
    public Task<DataKey?> GetAsync((string Type, string Value) subject)
    {
        TaskCompletionSource<DataKey?> answer;
        lock (_lock)
        {
            if (_asked.TryGetValue(subject, out var asked))
            {
                return asked;
            }

            answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked.Add(subject, answer.Task);
        }

        _ = AnswerAsync(subject, answer);
        return answer.Task;
    }

    private async Task AnswerAsync((string Type, string Value) subject, TaskCompletionSource<DataKey?> answer)
    {
        DataKey? key = null;
        try
        {
            key = await AskAsync(subject).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _asked.Remove(subject);
            }

            answer.SetResult(key);
        }
    }

    private async Task<DataKey?> AskAsync((string Type, string Value) subject)
    {
        for (var tries = 0; tries < MostTries; tries++)
        {
            var erasures = Volatile.Read(ref _erasures);
            AuditKey key;
            try
            {
                using var timeout = new CancellationTokenSource(Timeout, time);
                key = await store.GetAsync(TextOf(subject), timeout.Token).AsTask().WaitAsync(Timeout, time, CancellationToken.None).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A store is the host's, and may fail in its own way.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Volatile.Write(ref _retryAt, In(RetryInterval));
                Say(isFailing: true, exception);
                return Known(subject);
            }

            Say(isFailing: false, null);
            lock (_lock)
            {
                // What was read before an erasure is not brought back by it.
                if (erasures == _erasures)
                {
                    return Keep(subject, key);
                }
            }
        }

        return null;
    }

    /// <summary>Erases the key of a subject: there, here, and in what is under way.</summary>
    /// <returns>The ids of the keys that there were.</returns>
    public async ValueTask<IReadOnlyList<string>> EraseAsync((string Type, string Value) subject, CancellationToken cancellationToken)
    {
        var ids = await store.EraseAsync(TextOf(subject), cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            _erasures++;
            _keys.Remove(subject)?.Dispose();
        }

        return ids;
    }

    /// <summary>A subject as stores have it.</summary>
    public static string TextOf((string Type, string Value) subject) => $"{subject.Type}:{subject.Value}";

    // A key that is looked for at the moment of its erasure may be kept again by whoever looks.
    private DataKey? Known((string Type, string Value) subject) => _keys.Find(subject) is { IsErased: false } key ? key : null;

    private DataKey Keep((string Type, string Value) subject, AuditKey key)
    {
        var (dueAt, endsAt) = (In(RenewAfter), In(Lifetime));
        if (Known(subject) is { } known && known.Id.AsSpan().SequenceEqual(System.Text.Encoding.ASCII.GetBytes(key.Id)))
        {
            (known.DueAt, known.EndsAt) = (dueAt, endsAt);
            return known;
        }

        // Another instance has erased the one that was known.
        _keys.Remove(subject)?.Dispose();
        var made = new DataKey(key, _boot) { DueAt = dueAt, EndsAt = endsAt };
        _keys.Add(subject, made);
        return made;
    }

    private long In(TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);

    private string DateText()
    {
        var today = Volatile.Read(ref _today);
        var date = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (today.Date != date)
        {
            Volatile.Write(ref _today, today = new(date, date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        }

        return today.Text;
    }

    private void Say(bool isFailing, Exception? exception)
    {
        lock (_lock)
        {
            if (_isFailing == isFailing)
            {
                return;
            }

            // In here, so that none is told before the one that it ends.
            _isFailing = isFailing;
            _onFailing(isFailing);
        }

        if (exception is not null)
        {
            Log.Failed(logger, exception);
        }
    }

    private sealed record Today(DateOnly Date, string Text);

    private static partial class Log
    {
        [LoggerMessage(EventIds.JournalKeysFailed, LogLevel.Error, "Keys for the personal parts of audit records cannot be had: those in use stay in use, and what has none is recorded without its personal part.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
