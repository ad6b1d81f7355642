namespace GatewayKit.Identity.Consumers;

/// <summary>
/// A store of consumers that can be written, such as that of the package <c>GatewayKit.EntityFrameworkCore</c>: what the admin API writes to. Registered as
/// <see cref="GatewayBuilder.AddConsumerStore{T}"/> registers any store. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A consumer is written whole, with its applications, subscriptions, keys and identities: all of it is there after a call, or nothing. Ids of consumers are told apart without
/// regard to case; keys and identities by case, each with one consumer in the whole store. Once a call has returned, every later one sees what it wrote, and
/// <see cref="IConsumerStore.ReadChangesAsync"/> tells it to every instance. The store checks nothing else of what it is given. What it throws, the store could not do.
/// </remarks>
public interface IConsumerRepository : IConsumerStore
{
    /// <summary>Finds a consumer.</summary>
    /// <param name="id">Its id, in any case.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    /// <returns><see langword="null"/> if there is none.</returns>
    ValueTask<StoredConsumer?> GetAsync(string id, CancellationToken cancellationToken);

    /// <summary>Reads consumers page by page, in an order of ids that is the store's own and always the same.</summary>
    /// <param name="after">The id after which to go on, whether that consumer is still there or not; <see langword="null"/> for the first page.</param>
    /// <param name="count">How many there may be on the page, 1 to 1,000.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    /// <returns>The page, which is full unless it is the last; an empty one after that. Who cannot be read is left out and told in the log, and hides nobody else.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is outside its range.</exception>
    ValueTask<IReadOnlyList<StoredConsumer>> ListAsync(string? after, int count, CancellationToken cancellationToken);

    /// <summary>Adds a consumer.</summary>
    /// <param name="consumer">What to write.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more. What was cancelled was written or not.</param>
    /// <exception cref="ArgumentException">
    /// It has what the store cannot keep, such as an identity of a thousand characters. If there is a <see cref="Configuration.GatewayConfigurationException"/> inside, administrators are told its errors with their paths.
    /// </exception>
    ValueTask<ConsumerWrite> CreateAsync(Consumer consumer, CancellationToken cancellationToken);

    /// <summary>Writes a consumer anew if nobody else has since it was read.</summary>
    /// <param name="consumer">What to write in place of what is there under its id.</param>
    /// <param name="version">The version that was read.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more. What was cancelled was written or not.</param>
    /// <exception cref="ArgumentException">
    /// It has what the store cannot keep, such as an identity of a thousand characters. If there is a <see cref="Configuration.GatewayConfigurationException"/> inside, administrators are told its errors with their paths.
    /// </exception>
    ValueTask<ConsumerWrite> UpdateAsync(Consumer consumer, string version, CancellationToken cancellationToken);

    /// <summary>Removes a consumer if nobody has changed it since it was read.</summary>
    /// <param name="id">Its id, in any case.</param>
    /// <param name="version">The version that was read.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more. What was cancelled was removed or not.</param>
    ValueTask<ConsumerWrite> DeleteAsync(string id, string version, CancellationToken cancellationToken);
}

/// <summary>A consumer as a store has it.</summary>
/// <param name="Consumer">The consumer.</param>
/// <param name="Version">What it was when it was read: another one after each write, never one that it had before. Printable ASCII without quotes, so that it can be an entity tag.</param>
public sealed record StoredConsumer(Consumer Consumer, string Version);

/// <summary>What became of a write.</summary>
/// <param name="Status">Whether it was done, and if not, why.</param>
/// <param name="Version">The version of the consumer from now on, if it was written.</param>
public sealed record ConsumerWrite(ConsumerWriteStatus Status, string? Version = null)
{
    /// <summary>The credential that is somebody else's, for <see cref="ConsumerWriteStatus.CredentialTaken"/>: the public id of a key, or an identity.</summary>
    public string? Credential { get; init; }
}

/// <summary>Whether a write of a consumer was done.</summary>
public enum ConsumerWriteStatus
{
    /// <summary>It was.</summary>
    Written,

    /// <summary>There is no such consumer.</summary>
    NotFound,

    /// <summary>Somebody else has written it since it was read.</summary>
    Changed,

    /// <summary>There is a consumer of this id, perhaps in another case.</summary>
    Exists,

    /// <summary>One of its keys or identities belongs to another consumer.</summary>
    CredentialTaken,
}
