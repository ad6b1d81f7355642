using System.IO.Pipelines;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Forwarding.Attempts;
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

    // What came while the destination failed is off the client's body, so a further attempt that lacked it would send a cut body as a whole one.
    [Fact]
    public async Task Bytes_that_come_as_the_destination_fails_are_kept_for_another_attempt()
    {
        var context = new DefaultHttpContext();
        var client = new Pipe();
        context.Features.Set<IRequestBodyPipeFeature>(new PipedClient(client.Reader));
        using var clock = new ExchangeClocks(TimeProvider.System).Rent();
        clock.Start(new ClusterTimeouts(), context);
        var replay = new ReplayBuffer(1_024);
        await client.Writer.WriteAsync("one "u8.ToArray(), TestContext.Current.CancellationToken);
        using (var first = new RequestBody(context, clock, replay))
        {
            var failing = new FailingDestination(() => client.Writer.WriteAsync("two "u8.ToArray()).AsTask());
            await Assert.ThrowsAnyAsync<Exception>(() => first.CopyToAsync(failing, TestContext.Current.CancellationToken));
        }

        await client.Writer.WriteAsync("three"u8.ToArray(), TestContext.Current.CancellationToken);
        await client.Writer.CompleteAsync();
        using var second = new RequestBody(context, clock, replay);
        Assert.Equal("one two three", await second.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Handler_that_sends_again_gets_what_is_kept_and_the_rest()
    {
        var context = new DefaultHttpContext();
        var client = new Pipe();
        context.Features.Set<IRequestBodyPipeFeature>(new PipedClient(client.Reader));
        using var clock = new ExchangeClocks(TimeProvider.System).Rent();
        clock.Start(new ClusterTimeouts(), context);
        using var body = new RequestBody(context, clock, new(1_024));
        await client.Writer.WriteAsync("one "u8.ToArray(), TestContext.Current.CancellationToken);
        using (var refused = new CancellationTokenSource())
        {
            var sending = body.CopyToAsync(new MemoryStream(), refused.Token);
            Assert.True(SpinWait.SpinUntil(() => body.BytesSent == 4, TimeSpan.FromSeconds(20)));
            await refused.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        }

        await client.Writer.WriteAsync("two"u8.ToArray(), TestContext.Current.CancellationToken);
        await client.Writer.CompleteAsync();
        var again = new MemoryStream();
        await body.CopyToAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal("one two"u8, again.ToArray());
        Assert.Equal(7, body.BytesSent);
    }

    private sealed class PipedClient(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }

    private sealed class FailingDestination(Func<Task> meanwhile) : MemoryStream
    {
        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            await meanwhile();
            throw new IOException("The connection was closed.");
        }
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
