using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience.Faults;

/// <summary>Tells every fault that was injected, and those that were not.</summary>
internal sealed partial class FaultMetrics(GatewayMeter meter, ILogger<FaultMetrics> logger)
{
    private readonly Counter<long> _injected = meter.Meter.CreateCounter<long>(
        "gatewaykit.fault.injections", "{fault}", "Faults that were injected on purpose, would have been in shadow mode, or were spared because too many requests suffered.");

    /// <param name="route">The endpoint.</param>
    /// <param name="fault">What.</param>
    /// <param name="outcome"><c>injected</c>, <c>would-inject</c> or <c>spared</c>.</param>
    /// <param name="traceId">Of the request.</param>
    public void Drawn(string route, InjectedFaults fault, string outcome, string traceId)
    {
        var name = NameOf(fault);
        _injected.Add(1, new(TelemetryTags.Route, route), new(TelemetryTags.Fault, name), new KeyValuePair<string, object?>(TelemetryTags.Outcome, outcome));
        Log.Drawn(logger, name, route, outcome, traceId);
    }

    public static string NameOf(InjectedFaults fault) => fault switch
    {
        InjectedFaults.Delay => "delay",
        InjectedFaults.Abort => "abort",
        _ => "body-rate",
    };

    private static partial class Log
    {
        [LoggerMessage(EventIds.FaultInjected, LogLevel.Debug, "Fault {Fault} on {Route}: {Outcome}. Trace {TraceId}.")]
        public static partial void Drawn(ILogger logger, string fault, string route, string outcome, string traceId);
    }
}
