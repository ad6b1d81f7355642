using System.Collections.Concurrent;
using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Resilience.Faults;

/// <summary>The faults of each endpoint. They outlive reloads that leave the policy as it is.</summary>
internal sealed partial class FaultStates(TimeProvider time, ILogger<FaultStates> logger)
{
    private readonly ConcurrentDictionary<(string Endpoint, FaultPosition Position), FaultState> _states = new();

    public FaultState For(GatewayEndpoint endpoint, FaultPolicy policy)
    {
        var key = (endpoint.StateKey, policy.Position);
        while (true)
        {
            if (_states.TryGetValue(key, out var known) && known.Policy == policy)
            {
                return known;
            }

            var state = new FaultState(policy, time);
            if (known is null ? _states.TryAdd(key, state) : _states.TryUpdate(key, state, known))
            {
                Log.Begun(logger, endpoint.RouteId, policy.Position, policy.Mode, state.Until);
                return state;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.FaultsBegun, LogLevel.Warning, "Faults are injected on {Route} ({Position}, {Mode}) until {Until:u}.")]
        public static partial void Begun(ILogger logger, string route, FaultPosition position, PolicyMode mode, DateTimeOffset until);
    }
}
