using GatewayKit.Auditing.Journal;

namespace GatewayKit.Auditing.Reading;

/// <summary>Beginnings of one boot whose ends have not come. What it keeps does not grow with the journal, but with what is under way. Not thread-safe.</summary>
internal sealed class OpenRequests
{
    private readonly Dictionary<(ulong, ulong), (FilePlace Place, long Sequence)> _open = [];

    private static ReadOnlySpan<byte> Id => ",\"rid\":\""u8;

    /// <summary>How many began, without those that were refused after all.</summary>
    public long Begun { get; private set; }

    /// <summary>Where those began that did not end.</summary>
    public IEnumerable<FilePlace> Left => _open.Values.Select(static begin => begin.Place);

    public int Count => _open.Count;

    public void Begin(in JournalLine line, FilePlace place)
    {
        // One that was written again, since nobody knew whether the first had arrived, is the same request.
        if (LineFields.Text(line.Bytes, Id) is { IsEmpty: false } id && _open.TryAdd(SipHash.Process.Hash(id), (place, line.Sequence)))
        {
            Begun++;
        }
    }

    public void End(ReadOnlySpan<byte> line)
    {
        if (LineFields.Text(line, Id) is { IsEmpty: false } id)
        {
            _open.Remove(SipHash.Process.Hash(id));
        }
    }

    /// <summary>Goes past an event that may say that beginnings do not count.</summary>
    public void TakeBack(ReadOnlySpan<byte> line)
    {
        var refused = VoidLines.Read(line);
        foreach (var (id, _) in _open.Where(one => refused.Contains(one.Value.Sequence)).ToArray())
        {
            _open.Remove(id);
            Begun--;
        }
    }

    public void Clear() => _open.Clear();
}
