using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience.Faults;

/// <summary>The faults of each endpoint. They outlive reloads that leave the policy as it is.</summary>
internal sealed partial class FaultStates(TimeProvider time, ILogger<FaultStates> logger)
{
    private readonly WeakMap<Identity, FaultState> _known = new();

    public FaultState For(GatewayEndpoint endpoint, FaultPolicy policy)
    {
        FaultState? begun = null;
        var state = _known.GetOrAdd(new(endpoint.StateKey.ToUpperInvariant(), policy), () => begun = new(policy, time));
        if (begun is not null)
        {
            Log.Begun(logger, endpoint.RouteId, policy.Position, policy.Mode, state.Until);
        }

        return state;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.FaultsBegun, LogLevel.Warning, "Faults are injected on {Route} ({Position}, {Mode}) until {Until:u}.")]
        public static partial void Begun(ILogger logger, string route, FaultPosition position, PolicyMode mode, DateTimeOffset until);
    }

    private readonly record struct Identity(string Key, FaultPolicy Policy);
}
