using System.Data;
using GatewayKit.EntityFrameworkCore.Rows;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>Writes one change in one transaction, with its line in the log of changes.</summary>
internal sealed class ConsumerWriting(ConsumerForm form, TimeProvider time)
{
    /// <summary>How many changes are kept: who is further behind forgets all that it knows, which costs one look-up for each caller.</summary>
    private const int ChangesKept = 10_000;
    private const int ChangesPerSweep = 256;

    public async Task<ConsumerWrite> WriteAsync(DbContext db, ConsumerChange change, CancellationToken cancellationToken)
    {
        // Where the host lets calls be tried again, a commit whose answer was lost is looked for by its stamp and not done twice.
        var state = (change, stamp: Guid.NewGuid());
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(
            state,
            (context, attempt, token) => TryWriteAsync(context, attempt.change, attempt.stamp, token),
            static (context, attempt, token) => FindWrittenAsync(context, attempt.change, attempt.stamp, token),
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<ConsumerWrite> TryWriteAsync(DbContext db, ConsumerChange change, Guid stamp, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);

        // From here on nobody else writes until this is over, in any instance: what is read now is still so at the commit.
        var number = await TickAsync(db, cancellationToken).ConfigureAwait(false);
        var normalized = ConsumerForm.Normalize(change.Id);
        var known = await db.Set<ConsumerRow>().AsNoTracking().SingleOrDefaultAsync(row => row.NormalizedId == normalized, cancellationToken).ConfigureAwait(false);
        if (await RefusalOfAsync(db, change, known, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        var id = known?.Id ?? change.Id;
        if (known is not null && !await TakeAsync(db, change, known, number, cancellationToken).ConfigureAwait(false))
        {
            return new(ConsumerWriteStatus.Changed);
        }

        if (change.Consumer is { } consumer)
        {
            if (known is null)
            {
                db.Add(ConsumerForm.RowOf(consumer, number));
            }

            db.AddRange(form.RowsOf(consumer, id));
        }

        db.Add(new ChangeRow { Sequence = number, Stamp = stamp, ConsumerId = id, At = time.GetUtcNow().ToUniversalTime() });
        await db.SaveChangesAsync(cancellationToken).ConfigureAwait(false);
        if (number % ChangesPerSweep == 0)
        {
            await db.Set<ChangeRow>().Where(row => row.Sequence <= number - ChangesKept).ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false);
        }

        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return new(ConsumerWriteStatus.Written, change.Consumer is null ? null : VersionText.Of(number));
    }

    private static async Task<long> TickAsync(DbContext db, CancellationToken cancellationToken)
    {
        var clock = db.Set<ClockRow>().Where(static row => row.Id == ClockRow.OnlyId);
        return await clock.ExecuteUpdateAsync(static set => set.SetProperty(static row => row.Value, static row => row.Value + 1), cancellationToken).ConfigureAwait(false) == 1
            ? await clock.Select(static row => row.Value).SingleAsync(cancellationToken).ConfigureAwait(false)
            : throw new InvalidOperationException($"The row of GatewayConsumerClock is missing. The migration that made the table also adds the row: INSERT INTO \"GatewayConsumerClock\" VALUES ({ClockRow.OnlyId}, <greatest Sequence of GatewayConsumerChanges>).");
    }

    private static async Task<ConsumerWrite?> RefusalOfAsync(DbContext db, ConsumerChange change, ConsumerRow? known, CancellationToken cancellationToken)
    {
        if (change.Expected is null)
        {
            if (known is not null)
            {
                return new(ConsumerWriteStatus.Exists);
            }
        }
        else if (known is null)
        {
            return new(ConsumerWriteStatus.NotFound);
        }
        else if (!VersionText.TryParse(change.Expected, out var expected) || expected != known.Version)
        {
            return new(ConsumerWriteStatus.Changed);
        }

        return change.Consumer is { } consumer && await FindTakenAsync(db, consumer, known?.Id ?? consumer.Id, cancellationToken).ConfigureAwait(false) is { } taken
            ? new(ConsumerWriteStatus.CredentialTaken) { Credential = taken }
            : null;
    }

    private static async Task<string?> FindTakenAsync(DbContext db, Consumer consumer, string id, CancellationToken cancellationToken)
    {
        string[] keys = [.. consumer.Keys.Concat(consumer.Applications.SelectMany(static application => application.Keys)).Select(static key => key.Id)];
        string[] signingKeys = [.. consumer.SigningKeys.Concat(consumer.Applications.SelectMany(static application => application.SigningKeys)).Select(static key => key.Id)];
        string[] identities = [.. consumer.Identities, .. consumer.Applications.SelectMany(static application => application.Identities)];
        return await db.Set<KeyRow>().Where(row => keys.Contains(row.Id) && row.ConsumerId != id).Select(static row => row.Id)
            .Concat(db.Set<SigningKeyRow>().Where(row => signingKeys.Contains(row.Id) && row.ConsumerId != id).Select(static row => row.Id))
            .Concat(db.Set<IdentityRow>().Where(row => identities.Contains(row.Id) && row.ConsumerId != id).Select(static row => row.Id))
            .FirstOrDefaultAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes away what is there, and leaves the consumer's own row with what is new, if anything is.</summary>
    /// <returns>Whether it was still of the version that was read.</returns>
    private static async Task<bool> TakeAsync(DbContext db, ConsumerChange change, ConsumerRow known, long number, CancellationToken cancellationToken)
    {
        var row = db.Set<ConsumerRow>().Where(row => row.Id == known.Id && row.Version == known.Version);
        if (change.Consumer is not { } consumer)
        {
            // What it has goes with it.
            return await row.ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false) == 1;
        }

        var next = ConsumerForm.RowOf(consumer, number);
        var updated = await row.ExecuteUpdateAsync(
            set => set.SetProperty(static one => one.DisplayName, next.DisplayName)
                .SetProperty(static one => one.State, next.State)
                .SetProperty(static one => one.PlanId, next.PlanId)
                .SetProperty(static one => one.Scopes, next.Scopes)
                .SetProperty(static one => one.Metadata, next.Metadata)
                .SetProperty(static one => one.Version, next.Version),
            cancellationToken).ConfigureAwait(false);
        if (updated == 0)
        {
            return false;
        }

        await db.Set<KeyRow>().Where(one => one.ConsumerId == known.Id).ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false);
        await db.Set<SigningKeyRow>().Where(one => one.ConsumerId == known.Id).ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false);
        await db.Set<IdentityRow>().Where(one => one.ConsumerId == known.Id).ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false);
        await db.Set<SubscriptionRow>().Where(one => one.ConsumerId == known.Id).ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false);
        await db.Set<ApplicationRow>().Where(one => one.ConsumerId == known.Id).ExecuteDeleteAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static async Task<ExecutionResult<ConsumerWrite>> FindWrittenAsync(DbContext db, ConsumerChange change, Guid stamp, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        var written = await db.Set<ChangeRow>().AsNoTracking().OrderByDescending(static row => row.Sequence).FirstOrDefaultAsync(row => row.Stamp == stamp, cancellationToken).ConfigureAwait(false);
        return written is null
            ? new(successful: false, new(ConsumerWriteStatus.Changed))
            : new(successful: true, new(ConsumerWriteStatus.Written, change.Consumer is null ? null : VersionText.Of(written.Sequence)));
    }
}
