using System.Threading.Channels;
using GatewayKit.Pipeline;

namespace GatewayKit.FunctionalTests.Pipeline;

/// <summary>What the gateway told an observer of a request.</summary>
internal sealed record CompletedRequest(string RouteId, int Status, RejectionReason? Reason, IReadOnlyList<PolicyDecision> Decisions);

/// <summary>Lets a test wait for the record of a request, which may come after its response.</summary>
internal sealed class AwaitableObserver : IGatewayObserver
{
    private readonly Channel<CompletedRequest> _completed = Channel.CreateUnbounded<CompletedRequest>();

    /// <summary>How many records nobody has taken yet.</summary>
    public int Waiting => _completed.Reader.Count;

    public void RequestCompleted(GatewayContext context) =>
        _completed.Writer.TryWrite(new(context.Endpoint.RouteId, context.HttpContext.Response.StatusCode, context.Reason, context.Decisions));

    public async Task<CompletedRequest> NextAsync() => await _completed.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
}
