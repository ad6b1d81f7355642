using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Concurrency;

/// <summary>Lets a request through while its caller has not too many in flight.</summary>
internal sealed class ConcurrencyFilterFactory : GatewayFilterFactory<ConcurrencyPolicy>, ILimitReaders
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private static readonly Func<object, Task> Leave = static place =>
    {
        ((Place)place).GiveBack();
        return Task.CompletedTask;
    };

    private readonly WeakMap<(string Key, ThrottlePartition Partition), CallersInFlight> _known = new();

    // Runs whenever an endpoint is built, which is more than once (A7): who is in flight is counted by what the map knows.
    protected override EndpointFilterDelegate Create(ConcurrencyPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var partition = policy.Partition;
        var callers = For(partition, endpoint);
        var (max, name) = (policy.MaxInFlight, policy.EffectiveName);
        var isTold = policy.Mode is not PolicyMode.Shadow;
        var refusal = new GatewayProblem(RejectionReason.ConcurrencyLimited, retryAfter: Soon) { ViolatedPolicies = [name] };
        return invocation =>
        {
            var context = GatewayContext.From(invocation);

            // Where nothing tells them apart they are one caller: neither free nor somebody else.
            var key = partition.Parts.Length > 0 && ThrottleKey.TryRead(context.HttpContext, partition, out var known) ? known : default;
            var isIn = callers.TryEnter(key, max, out var inFlight);
            if (isTold && (!isIn || context.WantsReadings))
            {
                context.Note(new(name, max, Window: null, LimitUnit.ConcurrentRequests, max - inFlight, Reset: null));
            }

            if (!isIn)
            {
                return new(refusal);
            }

            context.HttpContext.Response.OnCompleted(Leave, new Place(callers, key));
            return next(invocation);
        };
    }

    LimitReader ILimitReaders.ReaderOf(IGatewayPolicy policy, GatewayEndpoint endpoint)
    {
        var limit = (ConcurrencyPolicy)policy;
        var callers = For(limit.Partition, endpoint);
        return httpContext => new(new LimitStanding(LimitKind.Concurrency, limit.EffectiveName, "requests in flight", limit.MaxInFlight)
        {
            // What those share who cannot be told apart is nobody's to see.
            Remaining = ThrottleKey.TryRead(httpContext, limit.Partition, out var key) ? Math.Max(0, limit.MaxInFlight - callers.Of(key)) : null,
        });
    }

    private CallersInFlight For(ThrottlePartition partition, GatewayEndpoint endpoint) =>
        _known.GetOrAdd((partition.IsConstant ? endpoint.SharedStateKey(string.Empty) : endpoint.StateKey.ToUpperInvariant(), partition), static () => new());

    private sealed class Place(CallersInFlight callers, ThrottleKey key)
    {
        public void GiveBack() => callers.Leave(key);
    }
}
