namespace GatewayKit.Identity.Consumers;

/// <summary>
/// Knows consumers, beside those of the configuration. Register one with <see cref="GatewayBuilder.AddConsumerStore{T}"/>. Safe for concurrent use.
/// </summary>
/// <remarks>
/// What it throws, and what it does not answer in time, refuses requests with 503 <c>auth-unavailable</c>: nobody is let in because a store is away. Answers are kept for
/// 30 s at most, and no longer than changes can be read.
/// </remarks>
public interface IConsumerStore
{
    /// <summary>What errors and logs call it.</summary>
    string Name { get; }

    /// <summary>Finds the consumer that a credential belongs to, whatever its state.</summary>
    /// <param name="kind">What kind of credential it is.</param>
    /// <param name="id">Its public part. It comes from a request: anything that fits the kind.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    /// <returns><see langword="null"/> if nobody has it.</returns>
    ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken);

    /// <summary>Tells who has changed. Asked about once a second while somebody of the store calls, so that what is withdrawn is refused within 5 s on every instance.</summary>
    /// <param name="cursor">How far changes were read; <see langword="null"/> the first time, which wants the cursor alone.</param>
    /// <param name="cancellationToken">Cancelled when it takes too long.</param>
    ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken);
}

/// <summary>Who has changed since a cursor.</summary>
/// <param name="Cursor">How far this goes.</param>
/// <param name="ConsumerIds">The ids of consumers that were added, changed or removed.</param>
public sealed record ConsumerChanges(string Cursor, IReadOnlyList<string> ConsumerIds)
{
    /// <summary>Whether so much has changed, or it is so long ago, that all that is known has to be forgotten. Default no.</summary>
    public bool IsEverything { get; init; }
}

/// <summary>What kind of credential something is.</summary>
public enum CredentialKind
{
    /// <summary>An API key: <see cref="ConsumerKey.Id"/>.</summary>
    ApiKey,

    /// <summary>What an authentication scheme says: one of <see cref="Consumer.Identities"/>.</summary>
    Identity,

    /// <summary>A key that requests are signed with: <see cref="ConsumerSigningKey.Id"/>.</summary>
    SigningKey,
}
