using System.IO.Pipelines;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.Forwarding.Attempts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Tests.Forwarding;

public sealed class ResponseBodyTests
{
    [Fact]
    public async Task Wide_reads_go_straight_into_the_response()
    {
        var source = new ScriptedSource(4_096, 61_440);
        var client = new RecordingClient();
        await CopyAsync(source, client, length: 65_536, isPlain: true);
        Assert.Equal([4_096, 65_536], source.Asked);
        Assert.Equal(61_440, client.Lent);
        Assert.Equal(source.Sent, client.Received);
    }

    [Fact]
    public async Task Small_reads_share_the_blocks_of_the_response()
    {
        var client = new RecordingClient();
        await CopyAsync(new ScriptedSource([4_096, .. Enumerable.Repeat(10, 100)]), client, length: 5_096, isPlain: true);
        await CopyAsync(new ScriptedSource([4_096, .. Enumerable.Repeat(10, 100)]), client, length: null, isPlain: false);
        Assert.Equal(0, client.Lent);

        // That a body is dripped is known after its first small read.
        client = new RecordingClient();
        await CopyAsync(new ScriptedSource([4_096, .. Enumerable.Repeat(10, 10_000)]), client, length: 104_096, isPlain: true);
        Assert.Equal(10, client.Lent);
    }

    [Fact]
    public async Task What_is_there_is_sent_before_a_read_that_waits_although_it_was_announced()
    {
        var source = new ScriptedSource(4_096, 61_440) { Pending = 1 };
        var client = new RecordingClient();
        var copying = CopyAsync(source, client, length: 65_536, isPlain: false);
        Assert.False(copying.IsCompleted);
        Assert.Equal(4_096, client.Flushed);
        source.Continue();
        await copying;
        Assert.Equal(source.Sent, client.Received);
    }

    [Fact]
    public async Task Nothing_is_flushed_while_memory_of_the_response_is_lent()
    {
        var source = new ScriptedSource(4_096, 61_440, 20_000) { Pending = 2 };
        var client = new RecordingClient();
        var copying = CopyAsync(source, client, length: 85_536, isPlain: false);
        Assert.False(copying.IsCompleted);
        Assert.Equal(65_536, client.Flushed);
        var flushes = client.Flushes;
        source.Continue();
        await copying;
        Assert.Equal(20_000, client.Lent);
        Assert.Equal(flushes + 1, client.Flushes);
        Assert.Equal(source.Sent, client.Received);
    }

    // A stream of HTTP/2 that the client has reset.
    [Fact]
    public async Task Response_that_lends_no_more_than_it_is_asked_for_does_no_harm()
    {
        var source = new ScriptedSource(4_096, 100);
        var client = new RecordingClient { IsReset = true };
        await CopyAsync(source, client, length: 4_196, isPlain: true);
        Assert.Equal(source.Sent, client.Received);
    }

    // Plain: HTTP/1.1 without TLS. Otherwise a read may wait although a read of nothing has completed.
    private static async Task CopyAsync(ScriptedSource source, RecordingClient client, long? length, bool isPlain)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(client);
        using var clock = new ExchangeClocks(TimeProvider.System).Rent();
        using var answer = new HttpResponseMessage();
        var destination = new DestinationState("a", new() { Address = new(isPlain ? "http://a" : "https://a") });
        var cluster = new ClusterState(new() { Id = "up" }, [destination], null!, new(new(), TimeProvider.System));
        var exchange = new Exchange(new ForwardCall(context, null, cluster, default, null, CallDeadline.None, false), new(destination), clock, null!);
        exchange.Accept(answer);
        var (error, exception) = await ResponseBody.CopyAsync(source, context.Response, length, exchange);
        Assert.Null(exception);
        Assert.Equal(ForwardError.None, error);
    }

    /// <summary>A body that comes in pieces of given sizes; a read of nothing always says that there is more.</summary>
    private sealed class ScriptedSource(params int[] pieces) : MemoryStream
    {
        private readonly TaskCompletionSource _continued = new();
        private int _next;

        /// <summary>The piece that is announced before it is there; none by default.</summary>
        public int Pending { get; init; } = -1;

        public List<int> Asked { get; } = [];

        public List<byte> Sent { get; } = [];

        public void Continue() => _continued.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.IsEmpty || _next == pieces.Length)
            {
                return 0;
            }

            Asked.Add(buffer.Length);
            if (_next == Pending)
            {
                await _continued.Task;
            }

            var length = pieces[_next++];
            buffer.Span[..length].Fill((byte)_next);
            Sent.AddRange(buffer.Span[..length]);
            return length;
        }
    }

    /// <summary>A response in memory. Blocks of more than a page are lent for one read, as the server does.</summary>
    private sealed class RecordingClient : PipeWriter, IHttpResponseBodyFeature
    {
        private Memory<byte> _memory;
        private bool _isLent;

        public List<byte> Received { get; } = [];

        /// <summary>Whether it lends what it is asked for and nothing more.</summary>
        public bool IsReset { get; init; }

        /// <summary>Bytes read into blocks that were asked for by size.</summary>
        public int Lent { get; private set; }

        public int Flushed { get; private set; }

        public int Flushes { get; private set; }

        public Stream Stream => Stream.Null;

        public PipeWriter Writer => this;

        public override void Advance(int bytes)
        {
            Received.AddRange(_memory.Span[..bytes]);
            Lent += _isLent ? bytes : 0;
            _memory = default;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            _isLent = sizeHint > 4_096;
            return _memory = new byte[IsReset ? sizeHint : Math.Max(sizeHint, 4_096)];
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Assert.True(_memory.IsEmpty || !_isLent, "A flush while memory is lent.");
            (Flushed, Flushes) = (Received.Count, Flushes + 1);
            return default;
        }

        public override void CancelPendingFlush() => throw new NotSupportedException();

        public override void Complete(Exception? exception = null) => throw new NotSupportedException();

        public void DisableBuffering()
        {
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
