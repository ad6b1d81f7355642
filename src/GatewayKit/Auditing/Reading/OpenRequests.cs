namespace GatewayKit.Auditing.Reading;

/// <summary>Beginnings of one boot whose ends have not come. What it keeps does not grow with the journal, but with what is under way. Not thread-safe.</summary>
internal sealed class OpenRequests
{
    private readonly Dictionary<(ulong, ulong), FilePlace> _open = [];

    private static ReadOnlySpan<byte> Id => ",\"rid\":\""u8;

    /// <summary>How many began.</summary>
    public long Begun { get; private set; }

    /// <summary>Where those began that did not end.</summary>
    public IEnumerable<FilePlace> Left => _open.Values;

    public int Count => _open.Count;

    public void Begin(ReadOnlySpan<byte> line, FilePlace place)
    {
        // One that was written again, since nobody knew whether the first had arrived, is the same request.
        if (LineFields.Text(line, Id) is { IsEmpty: false } id && _open.TryAdd(SipHash.Process.Hash(id), place))
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

    public void Clear() => _open.Clear();
}
