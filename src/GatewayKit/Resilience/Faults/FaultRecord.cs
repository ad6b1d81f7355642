using GatewayKit.Diagnostics;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Resilience.Faults;

/// <summary>
/// The faults of one request: drawn, and marked so that nobody takes them for real ones. A feature of the request; attempts that run at once may
/// share it.
/// </summary>
internal sealed class FaultRecord : IInjectedFaults, IDisposable
{
    private readonly HttpContext _httpContext;
    private readonly FaultMetrics _metrics;
    private readonly string _pseudonym;
    private readonly Lock _lock = new();
    private readonly IInjectedFaults? _others;
    private InjectedFaults _kinds;
    private bool _entered;

    /// <summary>Draws what a request may meet.</summary>
    public FaultRecord(FaultState state, GatewayContext context, FaultMetrics metrics, string pseudonym)
    {
        (State, _httpContext, _metrics, _pseudonym) = (state, context.HttpContext, metrics, pseudonym);
        _others = _httpContext.Features.Get<IInjectedFaults>();
        Route = context.Endpoint.RouteId;
        var policy = state.Policy;

        // In this order, so that a seed tells which request meets what.
        Delays = state.Draw(policy.Delay?.Percent ?? 0);
        Aborts = state.Draw(policy.Abort?.Percent ?? 0);
        IsSlow = state.Draw(policy.BodyRate?.Percent ?? 0);
    }

    public FaultState State { get; }

    public string Route { get; }

    /// <summary>What was drawn for the request.</summary>
    public bool Delays { get; }

    public bool Aborts { get; }

    public bool IsSlow { get; }

    /// <summary>What was injected so far, by others too.</summary>
    public InjectedFaults Kinds => _kinds | (_others?.Kinds ?? InjectedFaults.None);

    /// <summary>Marks a fault that is about to be injected.</summary>
    /// <returns>Whether to inject it: not in shadow mode, and not if too many requests suffer.</returns>
    public bool TryInject(InjectedFaults fault)
    {
        var isShadow = State.Policy.Mode is PolicyMode.Shadow;
        var may = !isShadow && TryEnter();
        _metrics.Drawn(Route, fault, may ? "injected" : isShadow ? "would-inject" : "spared", TraceIdentifiers.Of(_httpContext));
        if (may)
        {
            lock (_lock)
            {
                _kinds |= fault;
            }
        }

        return may;
    }

    /// <summary>The request is over.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_entered)
            {
                _entered = false;
                State.Leave();
            }
        }
    }

    private bool TryEnter()
    {
        lock (_lock)
        {
            if (!_entered && State.TryEnter())
            {
                _entered = true;
                _httpContext.Response.RegisterForDispose(this);
                if (!_httpContext.Response.HasStarted)
                {
                    _httpContext.Response.OnStarting(Mark, this);
                }
            }

            return _entered;
        }
    }

    // RFC 9209 §2.1.5: words for people, behind what those in front of the client's view said.
    private static Task Mark(object state)
    {
        var record = (FaultRecord)state;
        var kinds = record._kinds;
        var names = from kind in Enum.GetValues<InjectedFaults>() where kind is not InjectedFaults.None && kinds.HasFlag(kind) select FaultMetrics.NameOf(kind);
        record._httpContext.Response.Headers.Append(ProxyStatus.Name, $"{ProxyStatus.NameOf(record._pseudonym)}; details=\"injected {string.Join(", ", names)}\"");
        return Task.CompletedTask;
    }
}
