using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>Lines that were to be written if possible, and were not: how many, from when to when. Thread-safe.</summary>
internal sealed class JournalLosses(TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _count;
    private DateTimeOffset _from, _to;

    /// <summary>Whether there are any that no line tells of yet.</summary>
    public bool IsAny => Volatile.Read(ref _count) > 0;

    public void Add()
    {
        lock (_lock)
        {
            _to = time.GetUtcNow();
            if (_count++ is 0)
            {
                _from = _to;
            }
        }
    }

    /// <summary>Takes the losses, to be told.</summary>
    public Action<Utf8JsonWriter> Take()
    {
        lock (_lock)
        {
            var (count, from, to) = (_count, _from, _to);
            _count = 0;
            return json =>
            {
                json.WriteNumber("n"u8, count);
                json.WriteString("from"u8, JournalLines.Microseconds(from));
                json.WriteString("to"u8, JournalLines.Microseconds(to));
            };
        }
    }
}
