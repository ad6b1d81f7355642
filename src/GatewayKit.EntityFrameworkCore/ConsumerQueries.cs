using System.Linq.Expressions;
using GatewayKit.EntityFrameworkCore.Rows;
using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>
/// What is asked of the database, compiled once for a model. A consumer is read in one statement, and so in one round trip and as it was at one moment; several tables are set below each
/// other, not joined, so that ten keys and ten subscriptions are twenty rows and not a hundred.
/// </summary>
internal sealed class ConsumerQueries
{
    /// <summary>The consumer that a key belongs to.</summary>
    public Func<DbContext, string, IAsyncEnumerable<ConsumerPart>> ByKey { get; } =
        Compile(static (db, id) => db.Set<KeyRow>().Where(key => key.Id == id).Select(static key => key.ConsumerId));

    /// <summary>The consumer that an identity belongs to.</summary>
    public Func<DbContext, string, IAsyncEnumerable<ConsumerPart>> ByIdentity { get; } =
        Compile(static (db, id) => db.Set<IdentityRow>().Where(identity => identity.Id == id).Select(static identity => identity.ConsumerId));

    /// <summary>The consumer that a key for signatures belongs to.</summary>
    public Func<DbContext, string, IAsyncEnumerable<ConsumerPart>> BySigningKey { get; } =
        Compile(static (db, id) => db.Set<SigningKeyRow>().Where(key => key.Id == id).Select(static key => key.ConsumerId));

    /// <summary>The consumer of an id in upper case.</summary>
    public Func<DbContext, string, IAsyncEnumerable<ConsumerPart>> ById { get; } =
        Compile(static (db, id) => db.Set<ConsumerRow>().Where(consumer => consumer.NormalizedId == id).Select(static consumer => consumer.Id));

    /// <summary>Up to a number of changes from one on.</summary>
    public Func<DbContext, long, int, IAsyncEnumerable<ChangeRow>> Changes { get; } = EF.CompileAsyncQuery(
        static (DbContext db, long from, int count) => db.Set<ChangeRow>().AsNoTracking().Where(change => change.Sequence >= from).OrderBy(static change => change.Sequence).Take(count));

    /// <summary>The last change, if there is one.</summary>
    public Func<DbContext, IAsyncEnumerable<ChangeRow>> LastChange { get; } = EF.CompileAsyncQuery(
        static (DbContext db) => db.Set<ChangeRow>().AsNoTracking().OrderByDescending(static change => change.Sequence).Take(1));

    /// <summary>Has everything compiled that look-ups need, which takes longer than a request should wait. The database is not asked.</summary>
    public void Prepare(DbContext db)
    {
        _ = ByKey(db, string.Empty);
        _ = ByIdentity(db, string.Empty);
        _ = BySigningKey(db, string.Empty);
        _ = Changes(db, 0, 1);
        _ = LastChange(db);
    }

    /// <summary>All parts of consumers.</summary>
    /// <param name="db">The context.</param>
    /// <param name="ids">Their ids.</param>
    public static IQueryable<ConsumerPart> Parts(DbContext db, IReadOnlyCollection<string> ids) =>
        AllCompiled(db, db.Set<ConsumerRow>().Where(consumer => ids.Contains(consumer.Id)).Select(static consumer => consumer.Id));

    private static readonly Expression<Func<DbContext, IQueryable<string>, IQueryable<ConsumerPart>>> All = static (db, owners) =>
        db.Set<ConsumerRow>().Where(row => owners.Contains(row.Id)).Select(static row => new ConsumerPart
        {
            Kind = ConsumerPart.Kinds.Consumer,
            ConsumerId = row.Id,
            ApplicationId = "",
            Id = row.Id,
            Ordinal = 0,
            State = row.State,
            PlanId = row.PlanId,
            Text = row.DisplayName,
            ExpiresAt = null,
            IsRevoked = false,
            Scopes = row.Scopes,
            Json = row.Metadata,
            Version = row.Version,
        }).Concat(db.Set<ApplicationRow>().Where(row => owners.Contains(row.ConsumerId)).Select(static row => new ConsumerPart
        {
            Kind = ConsumerPart.Kinds.Application,
            ConsumerId = row.ConsumerId,
            ApplicationId = row.Id,
            Id = row.Id,
            Ordinal = row.Ordinal,
            State = row.State,
            PlanId = row.PlanId,
            Text = null,
            ExpiresAt = null,
            IsRevoked = false,
            Scopes = row.Scopes,
            Json = null,
            Version = 0,
        })).Concat(db.Set<SubscriptionRow>().Where(row => owners.Contains(row.ConsumerId)).Select(static row => new ConsumerPart
        {
            Kind = ConsumerPart.Kinds.Subscription,
            ConsumerId = row.ConsumerId,
            ApplicationId = row.ApplicationId,
            Id = row.ProductId,
            Ordinal = row.Ordinal,
            State = row.State,
            PlanId = row.PlanId,
            Text = null,
            ExpiresAt = row.ExpiresAt,
            IsRevoked = false,
            Scopes = null,
            Json = row.Limits,
            Version = 0,
        })).Concat(db.Set<KeyRow>().Where(row => owners.Contains(row.ConsumerId)).Select(static row => new ConsumerPart
        {
            Kind = ConsumerPart.Kinds.Key,
            ConsumerId = row.ConsumerId,
            ApplicationId = row.ApplicationId,
            Id = row.Id,
            Ordinal = row.Ordinal,
            State = null,
            PlanId = null,
            Text = row.Hash,
            ExpiresAt = row.ExpiresAt,
            IsRevoked = row.IsRevoked,
            Scopes = row.Scopes,
            Json = row.Limits,
            Version = 0,
        })).Concat(db.Set<IdentityRow>().Where(row => owners.Contains(row.ConsumerId)).Select(static row => new ConsumerPart
        {
            Kind = ConsumerPart.Kinds.Identity,
            ConsumerId = row.ConsumerId,
            ApplicationId = row.ApplicationId,
            Id = row.Id,
            Ordinal = row.Ordinal,
            State = null,
            PlanId = null,
            Text = null,
            ExpiresAt = null,
            IsRevoked = false,
            Scopes = null,
            Json = null,
            Version = 0,
        })).Concat(db.Set<SigningKeyRow>().Where(row => owners.Contains(row.ConsumerId)).Select(static row => new ConsumerPart
        {
            Kind = ConsumerPart.Kinds.SigningKey,
            ConsumerId = row.ConsumerId,
            ApplicationId = row.ApplicationId,
            Id = row.Id,
            Ordinal = row.Ordinal,
            State = row.Algorithm,
            PlanId = null,
            Text = row.Secret,
            ExpiresAt = row.ExpiresAt,
            IsRevoked = row.IsRevoked,
            Scopes = null,
            Json = row.PublicKey,
            Version = 0,
        }));

    private static readonly Func<DbContext, IQueryable<string>, IQueryable<ConsumerPart>> AllCompiled = All.Compile();

    private static Func<DbContext, string, IAsyncEnumerable<ConsumerPart>> Compile(Expression<Func<DbContext, string, IQueryable<string>>> owners)
    {
        var body = new Replacement(All.Parameters[0], owners.Parameters[0]).Visit(new Replacement(All.Parameters[1], owners.Body).Visit(All.Body));
        return EF.CompileAsyncQuery(Expression.Lambda<Func<DbContext, string, IQueryable<ConsumerPart>>>(body, owners.Parameters));
    }

    private sealed class Replacement(ParameterExpression parameter, Expression with) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == parameter ? with : node;
    }
}
