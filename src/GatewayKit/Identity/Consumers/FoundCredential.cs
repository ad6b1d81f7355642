namespace GatewayKit.Identity.Consumers;

/// <summary>What was found out about the id of a credential, and how long that holds.</summary>
/// <param name="id">The id.</param>
/// <param name="owner">Whom a store or the configuration named; <see langword="null"/> if nobody has it.</param>
/// <param name="stores">On whose changes it depends: the store that named them, or all if none did; none for the configuration.</param>
internal sealed class FoundCredential(string id, Consumer? owner, FollowedStore[] stores)
{
    private long _renewAt;

    public string Id => id;

    public Consumer? Owner => owner;

    public FollowedStore[] Stores => stores;

    /// <summary>It made ready for the catalog that was in force; also if nobody has it.</summary>
    public required KnownCredential Credential { get; init; }

    /// <summary>The catalog that <see cref="Credential"/> goes by.</summary>
    public required ConsumerCatalog Catalog { get; init; }

    /// <summary>Until when it holds, as a timestamp. What the configuration says holds as long as the configuration.</summary>
    public long Until { get; init; } = long.MaxValue;

    /// <summary>When it is asked for anew if it is still in use, so that nobody has to wait for it.</summary>
    public long RenewAt { get => _renewAt; init => _renewAt = value; }

    /// <summary>In which round of clearing up it was used last.</summary>
    public int Round { get; set; }

    /// <summary>Whether the caller is the one who has to ask for it anew; then nobody else is for a while.</summary>
    public bool IsDue(long now, long pause)
    {
        var due = Volatile.Read(ref _renewAt);
        return now >= due && Interlocked.CompareExchange(ref _renewAt, now + pause, due) == due;
    }
}
