using System.Threading.Channels;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Waits for the records of requests.</summary>
internal sealed class TunnelObserver : IGatewayObserver
{
    private readonly Channel<(TunnelRecord?, string?)> _records = Channel.CreateUnbounded<(TunnelRecord?, string?)>();

    public void RequestCompleted(GatewayContext context) => _records.Writer.TryWrite((context.Tunnel, context.Reason?.Code));

    /// <summary>The tunnel of the next request, if it became one, and why it failed, if it did.</summary>
    public async Task<(TunnelRecord? Tunnel, string? Reason)> NextAsync()
    {
        using var limit = new CancellationTokenSource(RawConnection.Limit);
        return await _records.Reader.ReadAsync(limit.Token);
    }
}
