using System.IO.Pipelines;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Tests.Forwarding;

public sealed class RequestBodyTests
{
    // The handler does not await an upload that was called off: a failure of it would be an unobserved exception.
    [Fact]
    public async Task Upload_that_was_called_off_is_cancelled_even_if_its_client_is_gone()
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IRequestBodyPipeFeature>(new ResetClient());
        using var clock = new ExchangeClocks(TimeProvider.System).Rent();
        clock.Start(new ClusterTimeouts(), context);
        using var body = new RequestBody(context, clock);
        clock.Cancel();

        var sending = body.CopyToAsync(new ClosedDestination());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.True(sending.IsCanceled);
        Assert.True(body.Finished.IsCompletedSuccessfully);
    }

    private sealed class ResetClient : PipeReader, IRequestBodyPipeFeature
    {
        private readonly TaskCompletionSource<ReadResult> _reading = new();

        public PipeReader Reader => this;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(_reading.Task);

        public override void CancelPendingRead()
        {
            _reading.SetException(new IOException("The stream was reset."));
            throw new IOException("The stream was reset.");
        }

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed) => throw new NotSupportedException();

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw new NotSupportedException();

        public override void Complete(Exception? exception = null)
        {
        }
    }

    private sealed class ClosedDestination : MemoryStream
    {
        public override Task FlushAsync(CancellationToken cancellationToken) => Task.FromException(new IOException("The connection was closed."));
    }
}
