using System.Text;
using GatewayKit.Auditing.Shipping;

namespace GatewayKit.Tests.Auditing.Shipping;

/// <summary>A sink that keeps what it gets in memory, by the names of records, and fails as it is told.</summary>
internal sealed class ListSink : IAuditSink
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Guid Boot, long Sequence), string> _lines = [];
    private readonly List<string> _checkpoints = [];

    /// <summary>Called in front of each batch: throws, or waits, or gives a receipt.</summary>
    public Func<AuditBatch, CancellationToken, Task<AuditReceipt?>> Answer { get; set; } = static (_, _) => Task.FromResult<AuditReceipt?>(null);

    /// <summary>What it says of its positions; <see langword="null"/> if it keeps none.</summary>
    public IReadOnlyCollection<AuditPosition>? Kept { get; set; }

    public int Calls { get; private set; }

    public int Repeated { get; private set; }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines.OrderBy(static pair => pair.Key.Boot).ThenBy(static pair => pair.Key.Sequence).Select(static pair => pair.Value)];
            }
        }
    }

    public IReadOnlyList<string> Checkpoints
    {
        get
        {
            lock (_lock)
            {
                return [.. _checkpoints];
            }
        }
    }

    public ValueTask<IReadOnlyCollection<AuditPosition>?> ReadPositionsAsync(string instance, CancellationToken cancellationToken) => new(Kept);

    public async ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Calls++;
        }

        var receipt = await Answer(batch, cancellationToken);
        lock (_lock)
        {
            for (var index = 0; index < batch.Records.Count; index++)
            {
                if (receipt?.Rejections.Any(one => index >= one.Index && index < one.Index + one.Among) is not true
                    && !_lines.TryAdd((batch.Boot, batch.Records[index].Sequence), Encoding.UTF8.GetString(batch.Records[index].Line.Span)))
                {
                    Repeated++;
                }
            }

            _checkpoints.AddRange(batch.Checkpoints.Select(static line => Encoding.UTF8.GetString(line.Span)));
        }

        return receipt ?? AuditReceipt.Complete;
    }
}
