using System.Text.Json;

namespace GatewayKit.Auditing.Journal;

/// <summary>What the journal has to say of itself as soon as it can: lines that were lost, lines that do not count, and steps of the clock. Losses come from any thread, the rest is the writer's.</summary>
internal sealed class JournalNotes(TimeProvider time, JournalMetrics metrics)
{
    private static readonly TimeSpan LossInterval = TimeSpan.FromMilliseconds(250);

    // Numbers in one event: a line should stay short.
    private const int MostNumbers = 256;

    private readonly JournalLosses _losses = new(time);
    private readonly ClockSteps _clock = new(time);
    private readonly List<long> _void = [];
    private long _lossesAt;

    /// <summary>When something has to be told at the latest, as a timestamp.</summary>
    public long TellAt => _losses.IsAny ? _lossesAt : long.MaxValue;

    /// <summary>Counts a line that was to be written if possible, and was not.</summary>
    public void Lose()
    {
        _losses.Add();
        metrics.Lost();
    }

    /// <summary>Remembers the numbers by which a line may be in segments that were given up, and whose request was refused after all.</summary>
    public void MakeVoid(IEnumerable<long> numbers) => _void.AddRange(numbers);

    /// <summary>Tells what there is to tell. Most of the time there is nothing, and that allocates nothing.</summary>
    /// <param name="announce">Writes an event.</param>
    /// <param name="isLast">Whether nothing is told later: losses are not collected then.</param>
    public void Tell(Action<string, Action<Utf8JsonWriter>> announce, bool isLast = false)
    {
        if (_clock.Look() is { } step)
        {
            TellStep(announce, step);
        }

        if (_losses.IsAny && (isLast || time.GetTimestamp() >= _lossesAt))
        {
            _lossesAt = time.GetTimestamp() + (long)(LossInterval.TotalSeconds * time.TimestampFrequency);
            announce("audit.lost", _losses.Take());
        }

        if (_void.Count > 0)
        {
            TellVoid(announce);
        }
    }

    private static void TellStep(Action<string, Action<Utf8JsonWriter>> announce, TimeSpan step) => announce("clock_step", json => json.WriteNumber("ms"u8, (long)step.TotalMilliseconds));

    private void TellVoid(Action<string, Action<Utf8JsonWriter>> announce)
    {
        foreach (var numbers in _void.Chunk(MostNumbers))
        {
            announce(VoidLines.Event, json => VoidLines.Write(json, numbers));
        }

        _void.Clear();
    }
}
