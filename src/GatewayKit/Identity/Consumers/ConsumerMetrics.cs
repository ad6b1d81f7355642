using System.Diagnostics.Metrics;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Identity.Consumers;

/// <summary>What finding consumers tells of itself.</summary>
internal sealed partial class ConsumerMetrics(GatewayMeter meter, TimeProvider time, ILogger<ConsumerMetrics> logger)
{
    /// <summary>The tag for the name of a store.</summary>
    public const string StoreTag = "gatewaykit.consumer.store";

    /// <summary>The tag for the kind of a credential.</summary>
    public const string KindTag = "gatewaykit.credential.kind";

    // What is wrong with a store comes with every request.
    private readonly LogPace _wrongPace = new(), _planPace = new();

    private readonly Counter<long> _lookups = meter.Meter.CreateCounter<long>(
        "gatewaykit.identity.lookups", "{lookup}", "Look-ups of credentials, by where the answer came from.");

    private readonly Counter<long> _failures = meter.Meter.CreateCounter<long>(
        "gatewaykit.identity.store_failures", "{failure}", "Questions to stores of consumers that were not answered, or not in time.");

    public void LookedUp(CredentialKind kind, string from)
    {
        if (_lookups.Enabled)
        {
            _lookups.Add(1, new(KindTag, NameOf(kind)), new(TelemetryTags.Outcome, from));
        }
    }

    private static string NameOf(CredentialKind kind) => kind switch { CredentialKind.ApiKey => "api-key", CredentialKind.SigningKey => "signing-key", _ => "identity" };

    public void StoreFailed(string store, Exception exception)
    {
        _failures.Add(1, new(StoreTag, store), new(TelemetryTags.Cause, exception is TimeoutException or OperationCanceledException ? "timeout" : "error"));
        Log.Failed(logger, store, exception.GetType());
    }

    public void StoreChanged(string store, Exception? failure)
    {
        if (failure is null)
        {
            Log.Up(logger, store);
        }
        else
        {
            Log.Down(logger, store, failure);
        }
    }

    public void AnsweredWrong(string store, string consumer, Exception? failure)
    {
        if (_wrongPace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.Wrong(logger, failure, store, consumer);
        }
    }

    public void PlanMissing(string consumer, string plan)
    {
        if (_planPace.IsDue(time.GetTimestamp(), time.TimestampFrequency))
        {
            Log.NoPlan(logger, consumer, plan);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.ConsumerStoreDown, LogLevel.Error, "Changes of the consumer store '{Store}' cannot be read. Its consumers are refused with auth-unavailable from 4 s after the last time on.")]
        public static partial void Down(ILogger logger, string store, Exception exception);

        [LoggerMessage(EventIds.ConsumerStoreUp, LogLevel.Information, "Changes of the consumer store '{Store}' can be read again.")]
        public static partial void Up(ILogger logger, string store);

        [LoggerMessage(EventIds.ConsumerStoreFailed, LogLevel.Debug, "The consumer store '{Store}' did not answer: {Failure}.")]
        public static partial void Failed(ILogger logger, string store, Type failure);

        [LoggerMessage(EventIds.ConsumerStoreWrong, LogLevel.Error, "The consumer store '{Store}' answered with the consumer '{Consumer}', who does not have the credential that was asked for or cannot be used. The credential is refused.")]
        public static partial void Wrong(ILogger logger, Exception? exception, string store, string consumer);

        [LoggerMessage(EventIds.ConsumerPlanMissing, LogLevel.Warning, "The consumer '{Consumer}' of a store has the plan '{Plan}', which is not there or closed. What needs the plan is refused with not-subscribed.")]
        public static partial void NoPlan(ILogger logger, string consumer, string plan);
    }
}
