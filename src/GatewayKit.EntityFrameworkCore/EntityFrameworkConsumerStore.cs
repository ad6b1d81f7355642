using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>Consumers in a database.</summary>
internal sealed partial class EntityFrameworkConsumerStore<TContext>(ContextSource<TContext> contexts, ConsumerForm form, ConsumerWriting writing, ILogger<EntityFrameworkConsumerStore<TContext>> logger)
    : IConsumerRepository, IDisposable
    where TContext : DbContext
{
    private const int MaxPage = 1_000;

    /// <summary>More changes than this at once, and it is cheaper to ask anew for the few that call.</summary>
    private const int MaxChanges = 1_000;

    private readonly ConsumerQueries _queries = new();

    // Writers wait for each other in the database as it is. Here they do it without a connection each, which look-ups need.
    private readonly SemaphoreSlim _writer = new(1, 1);

    public string Name => typeof(TContext).Name;

    public async ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        var query = kind switch { CredentialKind.ApiKey => _queries.ByKey, CredentialKind.SigningKey => _queries.BySigningKey, _ => _queries.ByIdentity };
        return (await ReadOneAsync(query, id, cancellationToken).ConfigureAwait(false))?.Consumer;
    }

    public async ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken)
    {
        await using var lease = await contexts.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (cursor is null)
        {
            return new(await LastAsync().ConfigureAwait(false), []);
        }

        if (ChangeCursor.TryParse(cursor) is { } from)
        {
            // The change that was read last comes again, as a sign that it is still the same log.
            var rows = await ReadAsync(_queries.Changes(lease.Context, from.Sequence, MaxChanges + 2), cancellationToken).ConfigureAwait(false);
            if (rows.Count <= MaxChanges + 1 && from.IsAtHeadOf(rows))
            {
                return new(
                    rows.Count == 0 ? cursor : ChangeCursor.Of(rows[^1]).ToString(),
                    [.. rows.Where(row => row.Sequence > from.Sequence).Select(static row => row.ConsumerId).Distinct(StringComparer.OrdinalIgnoreCase)]);
            }
        }

        return new(await LastAsync().ConfigureAwait(false), []) { IsEverything = true };

        async Task<string> LastAsync() =>
            (await ReadAsync(_queries.LastChange(lease.Context), cancellationToken).ConfigureAwait(false) is [var last] ? ChangeCursor.Of(last) : ChangeCursor.Start).ToString();
    }

    public ValueTask<StoredConsumer?> GetAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        return ReadOneAsync(_queries.ById, ConsumerForm.Normalize(id), cancellationToken);
    }

    public async ValueTask<IReadOnlyList<StoredConsumer>> ListAsync(string? after, int count, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxPage);
        var from = ConsumerForm.Normalize(after ?? string.Empty);
        if (!StoredText.CanBe(from))
        {
            return [];
        }

        await using var lease = await contexts.OpenAsync(cancellationToken).ConfigureAwait(false);
        var page = new List<StoredConsumer>();
        while (true)
        {
            // Some that are counted may have been removed in between, or cannot be read. A page is full all the same, unless it is the last.
            var wanted = count - page.Count;
#pragma warning disable CA1309 // The database compares, in the order that it sorts by.
            var ids = await lease.Context.Set<ConsumerRow>()
                .Where(row => string.Compare(row.NormalizedId, from) > 0).OrderBy(static row => row.NormalizedId).Take(wanted).Select(static row => row.Id)
                .ToListAsync(cancellationToken).ConfigureAwait(false);
#pragma warning restore CA1309
            await AddAsync(page, lease.Context, ids, cancellationToken).ConfigureAwait(false);
            if (ids.Count < wanted || page.Count == count)
            {
                return page;
            }

            from = ConsumerForm.Normalize(ids[^1]);
        }
    }

    public ValueTask<ConsumerWrite> CreateAsync(Consumer consumer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        return WriteAsync(new(consumer.Id, consumer, Expected: null), cancellationToken);
    }

    public ValueTask<ConsumerWrite> UpdateAsync(Consumer consumer, string version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(consumer);
        ArgumentNullException.ThrowIfNull(version);
        return WriteAsync(new(consumer.Id, consumer, version), cancellationToken);
    }

    public ValueTask<ConsumerWrite> DeleteAsync(string id, string version, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(version);
        return StoredText.CanBe(id) ? WriteAsync(new(id, Consumer: null, version), cancellationToken) : new(new ConsumerWrite(ConsumerWriteStatus.NotFound));
    }

    /// <summary>Makes ready what the first look-up would wait for.</summary>
    public void Prepare(TContext context) => _queries.Prepare(context);

    public void Dispose() => _writer.Dispose();

    private async ValueTask<ConsumerWrite> WriteAsync(ConsumerChange change, CancellationToken cancellationToken)
    {
        if (change.Consumer is { } consumer)
        {
            StorableConsumer.Check(consumer);
        }

        await _writer.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await using var lease = await contexts.OpenAsync(cancellationToken).ConfigureAwait(false);
            return await writing.WriteAsync(lease.Context, change, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writer.Release();
        }
    }

    // One whose rows say nonsense hides nobody else.
    private async Task AddAsync(List<StoredConsumer> page, TContext context, List<string> ids, CancellationToken cancellationToken)
    {
        List<ConsumerPart> all;
        try
        {
            all = await ConsumerQueries.Parts(context, ids).ToListAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsNonsense(exception))
        {
            if (ids is [var only])
            {
                Log.Unreadable(logger, only, exception);
                return;
            }

            foreach (var id in ids)
            {
                await AddAsync(page, context, [id], cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        var parts = all.ToLookup(static part => part.ConsumerId);
        foreach (var id in ids.Where(parts.Contains))
        {
            try
            {
                page.Add(form.Assemble([.. parts[id]]));
            }
            catch (InvalidOperationException exception)
            {
                Log.Unreadable(logger, id, exception);
            }
        }
    }

    // What a provider throws at a value that is none of its column, as SQLite keeps them.
    private static bool IsNonsense(Exception exception) => exception is FormatException or InvalidCastException or OverflowException or InvalidOperationException { InnerException: FormatException or InvalidCastException or OverflowException };

    private async ValueTask<StoredConsumer?> ReadOneAsync(Func<DbContext, string, IAsyncEnumerable<ConsumerPart>> query, string id, CancellationToken cancellationToken)
    {
        if (!StoredText.CanBe(id))
        {
            return null;
        }

        await using var lease = await contexts.OpenAsync(cancellationToken).ConfigureAwait(false);
        return await ReadAsync(query(lease.Context, id), cancellationToken).ConfigureAwait(false) is { Count: > 0 } parts ? form.Assemble(parts) : null;
    }

    private static async Task<List<T>> ReadAsync<T>(IAsyncEnumerable<T> rows, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            all.Add(row);
        }

        return all;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ConsumerUnreadable, LogLevel.Error, "Consumer '{Consumer}' is left out of a list: what its rows say is not understood, so that its credentials are refused, too.")]
        public static partial void Unreadable(ILogger logger, string consumer, Exception exception);
    }
}
