using System.Globalization;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Quotas;

/// <summary>One <see cref="QuotaPolicy"/> on one endpoint: what a request takes, whose it is, and what becomes of it. Safe to use from any thread.</summary>
internal sealed class Quota(string routeId, QuotaPolicy policy, QuotaPartitionKeys keys, QuotaCounter counter, QuotaMetrics metrics, bool tells = true)
{
    // About how often a store that is away is tried.
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(1);

    private readonly string _name = policy.EffectiveName;
    private readonly string[] _violated = [policy.EffectiveName];

    // What clients are told has no unit for a cost of somebody's own.
    private readonly bool _isTold = policy.Mode is not PolicyMode.Shadow && policy.Unit.CostName is null;
    private readonly LimitUnit _told = policy.Unit.CountsBytes ? LimitUnit.ContentBytes : LimitUnit.Requests;
    private readonly TimeSpan? _window = policy.Window is LifetimeWindow ? null : policy.Window.NominalLength;
    private readonly string _unit = policy.Unit.ToString();

    public QuotaRule Rule { get; } = new(policy.Window, policy.Limit, policy.MaxOverage, policy.WarnAtPercent);

    public StoreFailureAction OnStoreFailure => policy.OnStoreFailure;

    public bool IsEnforced => policy.Mode is PolicyMode.Enforce;

    /// <summary>Takes what the request needs as far as that is known.</summary>
    public ValueTask<QuotaCounter.Count> ReserveAsync(HttpContext httpContext, out long cost)
    {
        cost = policy.Unit.CountsRequestBytes ? httpContext.Request.ContentLength ?? 0 : policy.Unit.CountsResponseBytes ? 0 : policy.Cost;
        if (cost > Rule.Capacity)
        {
            return new(default(QuotaCounter.Count));
        }

        return counter.ReserveAsync(this, httpContext, cost);
    }

    /// <summary>Whose the request is.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="secret">The secret of the store that is asked.</param>
    /// <param name="isKnown">Whether another store was asked before: that it has nothing to tell it apart by is told once.</param>
    public QuotaKey KeyOf(HttpContext httpContext, ReadOnlyMemory<byte> secret, bool isKnown)
    {
        if (!keys.TryRead(httpContext, secret.Span, out var key) && !isKnown)
        {
            metrics.Anonymous(routeId, _name);
        }

        return key;
    }

    /// <summary>Whose the request is, for one who only looks: what those share who cannot be told apart is nobody's to see.</summary>
    public bool TryReadKey(HttpContext httpContext, ReadOnlyMemory<byte> secret, out QuotaKey key) => keys.TryRead(httpContext, secret.Span, out key);

    /// <summary>How it stands for a request. Nothing is taken.</summary>
    public async ValueTask<LimitStanding> ReadAsync(HttpContext httpContext)
    {
        var standing = new LimitStanding(LimitKind.Quota, _name, policy.Unit.CostName ?? (policy.Unit.CountsBytes ? "bytes" : "requests"), Rule.Limit)
        {
            Period = policy.Window.DefaultName,
            Window = policy.Window is RollingWindow or FirstUseWindow ? _window : null,
        };
        return await counter.ReadAsync(this, httpContext).ConfigureAwait(false) is { } answer
            ? standing with { Remaining = Math.Max(0, Rule.Limit - answer.Used), Reset = answer.ResetsAfter, ResetsAt = answer.ResetsAt }
            : standing;
    }

    /// <summary>Notes what was taken, to be settled when the request is done.</summary>
    public void Admit(GatewayContext context, in QuotaCounter.Count count)
    {
        var httpContext = context.HttpContext;
        var charges = QuotaCharges.Of(context);
        charges.Add(this, count);
        if (policy.Unit.CountsRequestBytes)
        {
            charges.Bodies.CountRequest(httpContext);
        }

        if (policy.Unit.CountsResponseBytes)
        {
            charges.Bodies.CountResponse(httpContext);
        }

        if (count.Answer.Reservation.Key.IsOverflow)
        {
            metrics.Overflowed(routeId, _name);
        }

        if (context.WantsReadings)
        {
            Note(context, count.Answer);
        }

        Tell(count.Answer, count.Answer.Reservation.Key, httpContext);
    }

    public GatewayProblem Refuse(GatewayContext context, in QuotaCounter.Count count, long cost)
    {
        if (cost > Rule.Capacity)
        {
            var detail = string.Create(CultureInfo.InvariantCulture, $"The request needs {cost} of the quota '{_name}', which has {Rule.Capacity}.");
            return new(RejectionReason.CostExceedsLimit, detail) { ViolatedPolicies = _violated };
        }

        if (count.Store is null)
        {
            return new(RejectionReason.LimiterUnavailable, retryAfter: StoreRetry) { ViolatedPolicies = _violated };
        }

        Note(context, count.Answer);
        return new(RejectionReason.QuotaExceeded, retryAfter: count.Answer.RetryAfter) { ViolatedPolicies = _violated };
    }

    /// <summary>Corrects what was taken to what the request has used.</summary>
    public async ValueTask SettleAsync(QuotaCounter.Count count, QuotaCharges charges, GatewayContext context)
    {
        var (httpContext, reservation) = (context.HttpContext, count.Answer.Reservation);
        var cost = Counts(context) ? CostOf(reservation, charges, context) : 0;
        if (cost > 0)
        {
            metrics.Used(routeId, _name, _unit, cost);
        }

        if (cost != reservation.Cost)
        {
            Tell(await counter.SettleAsync(this, count, cost).ConfigureAwait(false), reservation.Key, httpContext);
        }
    }

    /// <summary>Gives everything back: another quota refused the request.</summary>
    public async ValueTask ReleaseAsync(QuotaCounter.Count count, GatewayContext context)
    {
        if (count.Answer.Reservation.Cost > 0 && await counter.SettleAsync(this, count, cost: 0).ConfigureAwait(false) is { IsAccepted: true } answer && context.WantsReadings)
        {
            Note(context, answer);
        }
    }

    /// <summary>Says what an answer has crossed that came too late. Its request may be over, and what it was has gone with it.</summary>
    public void TellLate(in QuotaAnswer answer, QuotaKey key) => TellCrossed(answer, key, new DefaultHttpContext());

    public void FellBack(Exception exception) => metrics.FellBack(routeId, _name, exception);

    private void Note(GatewayContext context, in QuotaAnswer answer)
    {
        if (_isTold)
        {
            context.Note(new(_name, Rule.Limit, _window, _told, Math.Max(0, Rule.Limit - answer.Used), answer.ResetsAfter));
        }
    }

    private void Tell(in QuotaAnswer answer, QuotaKey key, HttpContext httpContext)
    {
        if (answer.Overage > 0)
        {
            metrics.Overage(routeId, _name, _unit, answer.Overage);
        }

        TellCrossed(answer, key, httpContext);
    }

    private void TellCrossed(in QuotaAnswer answer, QuotaKey key, HttpContext httpContext)
    {
        if (!tells || answer.Crossed is QuotaThresholds.None)
        {
            return;
        }

        foreach (var threshold in (ReadOnlySpan<QuotaThresholds>)[QuotaThresholds.Warning, QuotaThresholds.Limit])
        {
            if (answer.Crossed.HasFlag(threshold))
            {
                metrics.Crossed(new(routeId, _name, key, threshold, answer.Used, Rule.Limit, answer.ResetsAt), httpContext);
            }
        }
    }

    private bool Counts(GatewayContext context) => IsRefusedBesideCandidate(context) || (IsServed(context)
        && (policy.CountWhen is not QuotaCountWhen.Succeeded || (context.Reason is null && context.HttpContext.Response.StatusCode < StatusCodes.Status400BadRequest)));

    // A candidate would have let it through. What it would have cost nobody knows, so that it stays at what was reserved.
    private bool IsRefusedBesideCandidate(GatewayContext context) => context.EndedAt is { Policy.Candidate: { } candidate } && ReferenceEquals(candidate, policy);

    // It went all the way through the pipeline, and the answer is not the gateway's own failure. Of a client that went away, the destination has worked for it.
    private static bool IsServed(GatewayContext context) => context.Passed == context.Pipeline.Steps.Count
        && (context.Reason is { } reason
            ? reason == RejectionReason.ClientAborted && (context.Attempts > 0 || !context.Endpoint.IsRoute)
            : context.Fallback is null || context.HttpContext.Response.StatusCode < StatusCodes.Status500InternalServerError);

    private long CostOf(in QuotaReservation reservation, QuotaCharges charges, GatewayContext context)
    {
        var httpContext = context.HttpContext;
        if (IsRefusedBesideCandidate(context))
        {
            return reservation.Cost;
        }

        if (policy.Unit.CostName is { } name)
        {
            return ReportedCosts.Find(httpContext, name, policy.CostHeader) ?? reservation.Cost;
        }

        return policy.Unit.CountsBytes
            ? (policy.Unit.CountsRequestBytes ? charges.Bodies.RequestBytes : 0) + (policy.Unit.CountsResponseBytes ? charges.Bodies.ResponseBytes : 0)
            : reservation.Cost;
    }
}
