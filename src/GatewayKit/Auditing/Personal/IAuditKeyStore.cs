namespace GatewayKit.Auditing.Personal;

/// <summary>
/// Keeps the keys that the personal parts of records are encrypted with, outside the journal and its backups: one for each subject, which is <c>sub:</c> with the id of a consumer or <c>day:</c> with a date for
/// requests of nobody in particular. Put one into DI as a singleton to take the place of the directory of files. Thread-safe. What fails throws, and is tried again a second later.
/// </summary>
public interface IAuditKeyStore
{
    /// <summary>Gives the key of a subject, and makes one that lasts if there is none: the same to all who ask at once. Asked once for all requests that need it at the same time, which wait for at most 250 ms, and again after four minutes for a subject in use, whose requests go on with the key they have.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    ValueTask<AuditKey> GetAsync(string subject, CancellationToken cancellationToken);

    /// <summary>Finds a key by its id, for whoever may read; <see langword="null"/> if there is none, as after its erasure.</summary>
    /// <param name="id">The id, as records have it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask<AuditKey?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Finds the ids of the keys that a subject has, without making one.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask<IReadOnlyList<string>> FindIdsAsync(string subject, CancellationToken cancellationToken);

    /// <summary>Deletes the keys of a subject for good. When it returns none of them is to be had any more, also not by other instances.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The ids of the keys that there were.</returns>
    ValueTask<IReadOnlyList<string>> EraseAsync(string subject, CancellationToken cancellationToken);
}
