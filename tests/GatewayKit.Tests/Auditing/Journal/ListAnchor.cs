using GatewayKit.Auditing;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>A second place that remembers.</summary>
internal sealed class ListAnchor : IAuditAnchor
{
    private readonly List<AuditCheckpoint> _checkpoints = [];

    public string Name => "list";

    /// <summary>What it does before it remembers.</summary>
    public Func<CancellationToken, Task> Before { get; set; } = static _ => Task.CompletedTask;

    public IReadOnlyList<AuditCheckpoint> Checkpoints
    {
        get
        {
            lock (_checkpoints)
            {
                return [.. _checkpoints];
            }
        }
    }

    public async ValueTask AnchorAsync(AuditCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        await Before(cancellationToken);
        lock (_checkpoints)
        {
            _checkpoints.Add(checkpoint);
        }
    }
}
