namespace GatewayKit.Auditing.Shipping;

/// <summary>What was read at once, and how far each record of it brings a sink: so that it can be sent in parts.</summary>
/// <param name="instance">The instance.</param>
/// <param name="from">Where it was read from.</param>
internal sealed class ShippingBatch(string instance, AuditPosition from)
{
    private readonly AuditPosition _from = from;
    private readonly List<AuditRecord> _records = [];
    private readonly List<AuditPosition> _positions = [];
    private IReadOnlyList<ReadOnlyMemory<byte>> _checkpoints = [];

    /// <summary>Where a sink is that has all of it.</summary>
    public AuditPosition Position { get; set; } = from;

    /// <summary>How many records it has.</summary>
    public int Count => _records.Count;

    /// <summary>How long their lines are together.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether there is anything in it to tell a sink.</summary>
    public bool IsEmpty => Count is 0 && _checkpoints.Count is 0 && Position == _from && Unreadable.Count is 0;

    /// <summary>What is no line: where it is, the SHA-256 of what stands there, <see langword="null"/> if that cannot be read at all, and why.</summary>
    public List<(int Segment, long Offset, string? Sha256, string Reason)> Unreadable { get; } = [];

    public void Add(AuditRecord record, AuditPosition position)
    {
        _records.Add(record);
        _positions.Add(position);
        Bytes += record.Line.Length;
    }

    /// <summary>The checkpoints.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Checkpoints => _checkpoints;

    public void AddCheckpoints(IReadOnlyList<ReadOnlyMemory<byte>> checkpoints) => _checkpoints = checkpoints;

    /// <summary>A part of it. Checkpoints go with the last one.</summary>
    public AuditBatch Part(int start, int count) => new()
    {
        Instance = instance,
        Boot = _from.Boot,
        Records = _records.GetRange(start, count),
        Checkpoints = start + count == Count ? _checkpoints : [],
        Position = start + count == Count ? Position : _positions[start + count - 1],
    };

    /// <summary>The same records without checkpoints, and no further than the records go.</summary>
    public ShippingBatch WithoutCheckpoints()
    {
        var batch = new ShippingBatch(instance, _from) { Position = Count > 0 ? _positions[^1] : _from };
        batch._records.AddRange(_records);
        batch._positions.AddRange(_positions);
        return batch;
    }

    /// <summary>Some of its checkpoints, without records. Those that come after the last one are as far as all of it.</summary>
    public AuditBatch PartOfCheckpoints(int start, int count) => new()
    {
        Instance = instance,
        Boot = _from.Boot,
        Records = [],
        Checkpoints = [.. _checkpoints.Skip(start).Take(count)],
        Position = start + count == _checkpoints.Count ? Position : Count > 0 ? _positions[^1] : _from,
    };

    /// <summary>Nothing but how far a sink is, behind a record that it does not take.</summary>
    public AuditBatch Behind(int index) => new()
    {
        Instance = instance,
        Boot = _from.Boot,
        Records = [],
        Checkpoints = [],
        Position = index == Count - 1 ? Position : _positions[index],
    };
}
