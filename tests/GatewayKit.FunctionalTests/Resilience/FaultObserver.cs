using System.Threading.Channels;
using GatewayKit.Pipeline;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>What the gateway told an observer of a request.</summary>
internal sealed record FaultedRequest(InjectedFaults Faults, string? Reason, int Attempts, IReadOnlyList<PolicyDecision> Decisions);

/// <summary>Lets a test wait for the record of a request, which may come after its response.</summary>
internal sealed class FaultObserver : IGatewayObserver
{
    private readonly Channel<FaultedRequest> _completed = Channel.CreateUnbounded<FaultedRequest>();

    public void RequestCompleted(GatewayContext context) => _completed.Writer.TryWrite(new(context.InjectedFaults, context.Reason?.Code, context.Attempts, context.Decisions));

    public async Task<FaultedRequest> NextAsync() => await _completed.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
}
