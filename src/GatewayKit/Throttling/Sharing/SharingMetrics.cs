using System.Diagnostics.Metrics;
using System.Globalization;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Throttling.Sharing;

/// <summary>What rates that instances share tell of themselves.</summary>
internal sealed partial class SharingMetrics(GatewayMeter meter, TimeProvider time, ILogger<SharingMetrics> logger)
{
    /// <summary>The tag for whether the store answers.</summary>
    public const string StateTag = "gatewaykit.throttle.store_state";

    private readonly Counter<long> _changes = meter.Meter.CreateCounter<long>(
        "gatewaykit.throttle.store_changes", "{change}", "Changes between asking the store of rates and doing without.");

    private readonly Counter<long> _fallbacks = meter.Meter.CreateCounter<long>(
        "gatewaykit.throttle.store_fallbacks", "{request}", "Requests that were decided without the store because it did not answer.");

    private readonly Counter<long> _uncommitted = meter.Meter.CreateCounter<long>(
        "gatewaykit.throttle.uncommitted", "{key}", "Keys that the store was not told of in time because too many waited.");

    private readonly LogPace _uncommittedPace = new();

    /// <summary>Says that the store is asked from now on, or not. A log or a listener that throws is no matter of the request or the commit that noticed it.</summary>
    public void Changed(Exception? failure)
    {
        try
        {
            _changes.Add(1, new KeyValuePair<string, object?>(StateTag, failure is null ? "up" : "down"));
            if (failure is null)
            {
                Log.Up(logger);
            }
            else
            {
                Log.Down(logger, failure);
            }
        }
        catch (Exception)
        {
            // There is nowhere else to say it.
        }
    }

    public void FellBack(string route, ThrottlePartition partition) =>
        _fallbacks.Add(1, new(TelemetryTags.Route, route), new(ThrottlingMetrics.PartitionTag, partition.ToString()));

    /// <summary>Says that a key has found no room. It does not throw either: the key would seem to have found it.</summary>
    public void Uncommitted(int keys)
    {
        try
        {
            _uncommitted.Add(1);
            if (_uncommittedPace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
            {
                Log.Uncommitted(logger, keys);
            }
        }
        catch (Exception)
        {
            // There is nowhere else to say it.
        }
    }

    /// <summary>Says once what an asynchronous throttle may admit beyond its rate.</summary>
    public void Shared(string route, string name, in SharingSlack slack) => Log.Slack(
        logger, name, route, slack.Interval.TotalSeconds, slack.Limit, slack.Window.TotalSeconds, slack.Balanced.ToString("0.#", CultureInfo.InvariantCulture), slack.Burst);

    private static partial class Log
    {
        [LoggerMessage(EventIds.RateStoreUp, LogLevel.Information, "The store of rates answers again: rates are shared.")]
        public static partial void Up(ILogger logger);

        [LoggerMessage(EventIds.RateStoreDown, LogLevel.Error, "The store of rates does not answer, and requests do not wait for it until it does. OnStoreFailure of each throttle says what becomes of them.")]
        public static partial void Down(ILogger logger, Exception exception);

        [LoggerMessage(
            EventIds.RatesUncommitted,
            LogLevel.Warning,
            "More than {Keys} keys wait for the store of rates to be told of them; more are decided by this instance alone meanwhile. Raise the interval of asynchronous throttles, or throttle by something that callers cannot make up.")]
        public static partial void Uncommitted(ILogger logger, int keys);

        [LoggerMessage(
            EventIds.RateSharedAsynchronously,
            LogLevel.Information,
            "The throttle '{Name}' on {Route} is shared every {Interval} s: instances under equal load may admit {Balanced} more than {Limit} in {Window} s; in the worst case each instance but the first admits what comes to it in that time, up to {Burst}.")]
        public static partial void Slack(ILogger logger, string name, string route, double interval, double limit, double window, string balanced, int burst);
    }
}
