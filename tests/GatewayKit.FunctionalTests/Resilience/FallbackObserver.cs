using System.Threading.Channels;
using GatewayKit.Pipeline;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Lets a test see what stood in for a request.</summary>
internal sealed class FallbackObserver : IGatewayObserver
{
    private readonly Channel<FallbackRecord?> _completed = Channel.CreateUnbounded<FallbackRecord?>();

    public void RequestCompleted(GatewayContext context) => _completed.Writer.TryWrite(context.Fallback);

    public async Task<FallbackRecord?> NextAsync() => await _completed.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
}
