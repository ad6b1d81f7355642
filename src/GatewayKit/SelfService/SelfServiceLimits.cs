using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.SelfService;

/// <summary>Reads the limits of plans, and those of routes for each consumer. Nothing is taken from them.</summary>
internal sealed class SelfServiceLimits(PolicyRegistry registry)
{
    // A plan that a reload replaces is another object, and what read the limits of the old one goes with it.
    private readonly ConditionalWeakTable<Plan, LimitReader[]> _ofPlans = [];

    /// <summary>What reads the limits of a plan, on whatever endpoint: they are counted over all of them.</summary>
    public IReadOnlyList<LimitReader> Of(Plan? plan, GatewayEndpoint endpoint) =>
        plan is null ? [] : _ofPlans.GetValue(plan, known =>
        [
            .. known.Policies.Where(static limit => limit.Mode is PolicyMode.Enforce)
                .Select(static limit => limit.PerSubscription())
                .Select(limit => (registry.FactoryOf(limit) as ILimitReaders)?.ReaderOf(limit, endpoint)).OfType<LimitReader>(),
        ]);

    /// <summary>Reads some limits for a consumer, all at once: whoever waits for a store waits for one answer of it.</summary>
    /// <param name="readers">What reads them.</param>
    /// <param name="consumer">Whose they are.</param>
    /// <param name="context">The request that asks.</param>
    public static async Task<SelfServiceLimit[]> ReadAsync(IReadOnlyList<LimitReader> readers, GatewayConsumer consumer, HttpContext context)
    {
        if (readers.Count == 0)
        {
            return [];
        }

        // A request that says nothing but whose it is. What a limit would need to know beside that it does not find, and is not known.
        var asking = new DefaultHttpContext { RequestServices = context.RequestServices };
        asking.Features.Set(consumer);
        asking.Features.Set(context.Features.Get<IHttpRequestLifetimeFeature>());
        var standings = await Task.WhenAll(readers.Select(reader => reader(asking).AsTask())).ConfigureAwait(false);
        return [.. standings.OrderBy(static standing => standing.Kind).Select(ToAnswer)];
    }

    private static SelfServiceLimit ToAnswer(LimitStanding standing) => new(
        standing.Kind switch { LimitKind.Rate => "rate", LimitKind.Quota => "quota", _ => "concurrency" },
        standing.Name,
        standing.Unit,
        standing.Limit,
        standing.Period,
        standing.Window?.TotalSeconds,
        standing.Burst,
        IsKnown: standing.Remaining is not null,
        standing.Remaining,
        standing.Reset is { } more ? RetryTimes.ToSeconds(more) : null,
        standing.ResetsAt);
}
