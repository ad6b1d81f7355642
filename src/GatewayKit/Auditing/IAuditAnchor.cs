namespace GatewayKit.Auditing;

/// <summary>
/// A second place that is told how far the audit journal is, outside the reach of whoever might change it: a database, an object store with a retention lock, a log that somebody else
/// keeps. Put any number into DI as singletons. Called off the path of requests, one call at a time, with each checkpoint in order; what fails is tried again after a pause that grows, up to 30 seconds.
/// 1,024 checkpoints wait for it at most: of more the oldest are left out, since each says all that those before it did.
/// </summary>
public interface IAuditAnchor
{
    /// <summary>What messages and metrics call it: a word, which no other anchor has.</summary>
    string Name { get; }

    /// <summary>
    /// Keeps a checkpoint. It returns when that is kept. <see cref="Shipping.AuditSinkBusyException"/> may say when it wants to be asked again; <see cref="Shipping.AuditBatchRejectedException"/> says that this
    /// one never will be kept: the next one comes. Whatever else it throws, the same one comes again.
    /// </summary>
    /// <param name="checkpoint">The checkpoint. It may come more than once.</param>
    /// <param name="cancellationToken">Cancelled after 10 seconds.</param>
    ValueTask AnchorAsync(AuditCheckpoint checkpoint, CancellationToken cancellationToken);
}
