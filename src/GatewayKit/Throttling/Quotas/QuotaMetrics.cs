using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Throttling.Quotas;

/// <summary>What quotas tell of themselves. Refusals are counted by the pipeline, as for every policy.</summary>
internal sealed partial class QuotaMetrics(GatewayMeter meter, IEnumerable<IQuotaObserver> observers, TimeProvider time, ILogger<QuotaMetrics> logger)
{
    /// <summary>The tag for the name of a quota: a word from configuration.</summary>
    public const string QuotaTag = "gatewaykit.quota.name";

    /// <summary>The tag for what is counted: a word from configuration.</summary>
    public const string UnitTag = "gatewaykit.quota.unit";

    /// <summary>The tag for a threshold.</summary>
    public const string ThresholdTag = "gatewaykit.quota.threshold";

    // A flood of made-up keys, and a store that is down, come with every request.
    private readonly LogPace _overflowPace = new(), _fallbackPace = new();

    private readonly IQuotaObserver[] _observers = [.. observers];

    private readonly Counter<long> _used = meter.Meter.CreateCounter<long>(
        "gatewaykit.quota.used", "{unit}", "Units that requests used, once they were done, whether their window was still open or not.");

    private readonly Counter<long> _overage = meter.Meter.CreateCounter<long>(
        "gatewaykit.quota.overage", "{unit}", "Units beyond the limit of a quota that were let through.");

    private readonly Counter<long> _crossings = meter.Meter.CreateCounter<long>(
        "gatewaykit.quota.crossings", "{crossing}", "Thresholds of quotas that were crossed.");

    private readonly Counter<long> _overflow = meter.Meter.CreateCounter<long>(
        "gatewaykit.quota.overflow", "{request}", "Requests that shared a quota because the store had no room for their key.");

    private readonly Counter<long> _anonymous = meter.Meter.CreateCounter<long>(
        "gatewaykit.quota.anonymous", "{request}", "Requests that shared a quota because they had nothing to tell them apart by.");

    private readonly Counter<long> _fallbacks = meter.Meter.CreateCounter<long>(
        "gatewaykit.quota.store_fallbacks", "{request}", "Requests that were decided without the store because it failed or took too long, and settlements that it did not answer.");


    public void Used(string route, string quota, string unit, long units) => _used.Add(units, new(TelemetryTags.Route, route), new(QuotaTag, quota), new(UnitTag, unit));

    public void Overage(string route, string quota, string unit, long units) => _overage.Add(units, new(TelemetryTags.Route, route), new(QuotaTag, quota), new(UnitTag, unit));

    public void Anonymous(string route, string quota) => _anonymous.Add(1, new(TelemetryTags.Route, route), new(QuotaTag, quota));

    public void Overflowed(string route, string quota)
    {
        _overflow.Add(1, new(TelemetryTags.Route, route), new(QuotaTag, quota));
        if (_overflowPace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.Overflow(logger, quota, route);
        }
    }

    public void FellBack(string route, string quota, Exception exception)
    {
        _fallbacks.Add(1, new(TelemetryTags.Route, route), new(QuotaTag, quota));
        if (_fallbackPace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.StoreFailed(logger, exception, quota, route);
        }
    }

    public void Crossed(QuotaCrossing crossing, HttpContext httpContext)
    {
        var isFull = crossing.Threshold is QuotaThresholds.Limit;
        _crossings.Add(1, new(TelemetryTags.Route, crossing.RouteId), new(QuotaTag, crossing.Quota), new(ThresholdTag, isFull ? "limit" : "warning"));
        if (isFull)
        {
            Log.UsedUp(logger, crossing.Quota, crossing.RouteId, crossing.Limit, crossing.Key.High);
        }
        else
        {
            Log.NearlyUsed(logger, crossing.Quota, crossing.RouteId, crossing.Used, crossing.Limit, crossing.Key.High);
        }

        foreach (var observer in _observers)
        {
            try
            {
                observer.ThresholdCrossed(crossing, httpContext);
            }
            catch (Exception exception)
            {
                Log.ObserverFailed(logger, exception, observer.GetType(), crossing.Quota, crossing.RouteId);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.QuotaNearlyUsed, LogLevel.Warning, "The quota '{Quota}' on {Route} is nearly used: {Used} of {Limit} by the key {Key:x16}.")]
        public static partial void NearlyUsed(ILogger logger, string quota, string route, long used, long limit, ulong key);

        [LoggerMessage(EventIds.QuotaUsedUp, LogLevel.Warning, "The quota '{Quota}' on {Route} is used: {Limit} by the key {Key:x16}.")]
        public static partial void UsedUp(ILogger logger, string quota, string route, long limit, ulong key);

        [LoggerMessage(EventIds.QuotaObserverFailed, LogLevel.Error, "{Observer} failed on the quota '{Quota}' on {Route}.")]
        public static partial void ObserverFailed(ILogger logger, Exception exception, Type observer, string quota, string route);

        [LoggerMessage(
            EventIds.QuotaOverflow,
            LogLevel.Warning,
            "The store has no room for more keys of the quota '{Quota}' on {Route}; new ones share one quota. Raise QuotaOptions.MaxKeys, or count by something that callers cannot make up.")]
        public static partial void Overflow(ILogger logger, string quota, string route);

        [LoggerMessage(EventIds.QuotaStoreFailed, LogLevel.Error, "The store of the quota '{Quota}' on {Route} failed or took too long. Requests are decided as OnStoreFailure says; of one that could not be settled, what was reserved stays used, and what it used beyond that is not counted.")]
        public static partial void StoreFailed(ILogger logger, Exception exception, string quota, string route);
    }
}
