namespace GatewayKit.Auditing.Shipping;

/// <summary>
/// Where copies of the audit journal go: a database, a collector, a service. It is added by <c>AddAuditSink</c>, is a singleton, and is called off the path of requests, one call at a time. A record
/// may come more than once, always with the same bytes: (instance, boot, sequence) names it.
/// </summary>
public interface IAuditSink
{
    /// <summary>How far this sink has come, for those that keep it in one transaction with the records.</summary>
    /// <param name="instance">The instance that asks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>One position for each boot of the instance that was begun; <see langword="null"/>, the default, if it keeps none. They are in a file beside the journal in any case, and the lesser of both counts.</returns>
    ValueTask<IReadOnlyCollection<AuditPosition>?> ReadPositionsAsync(string instance, CancellationToken cancellationToken) => new((IReadOnlyCollection<AuditPosition>?)null);

    /// <summary>
    /// Keeps records and checkpoints. When it returns they are kept for good, and so is <see cref="AuditBatch.Position"/> if the sink keeps positions. A batch without either says only how far the
    /// journal has been gone through.
    /// </summary>
    /// <param name="batch">The records, in their order. Not to be touched after the call.</param>
    /// <param name="cancellationToken">Cancelled after <see cref="AuditSinkOptions.Timeout"/>, and when the host cannot wait any longer.</param>
    /// <returns>What the sink does not take, and what it has otherwise.</returns>
    /// <exception cref="AuditBatchRejectedException">
    /// One of these records is the reason for which the batch is refused, and always will be. It comes again in parts, until it is known which one. Every other exception means that the sink is
    /// not well: the batch comes again after a while.
    /// </exception>
    /// <exception cref="AuditPositionLostException">The sink keeps positions, and is not where the journal thinks it is: they are read again.</exception>
    ValueTask<AuditReceipt> WriteAsync(AuditBatch batch, CancellationToken cancellationToken);
}
