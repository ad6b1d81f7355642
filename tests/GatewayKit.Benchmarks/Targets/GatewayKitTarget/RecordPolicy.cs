using System.Diagnostics;
using GatewayKit.Pipeline;

namespace GatewayKit.Benchmarks.Targets;

/// <summary>Records every request with its status and duration, as a policy from outside the core.</summary>
public sealed record RecordPolicy : IGatewayPolicy
{
    /// <inheritdoc/>
    public GatewayStage Stage => GatewayStage.Observe;

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; } = PolicyMode.Enforce;
}

internal sealed class RecordFilterFactory(AccessLog log) : GatewayFilterFactory<RecordPolicy>
{
    protected override EndpointFilterDelegate Create(RecordPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next) => async context =>
    {
        var started = Stopwatch.GetTimestamp();
        var result = await next(context);
        log.Add(context.HttpContext, Stopwatch.GetElapsedTime(started));
        return result;
    };
}
