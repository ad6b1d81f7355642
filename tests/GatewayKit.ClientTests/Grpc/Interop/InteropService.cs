using Google.Protobuf;
using Grpc.Core;

namespace GatewayKit.ClientTests.Grpc.Interop;

/// <summary>The service of the interoperability cases: sends the sizes it is asked for, echoes metadata, ends as it is told to.</summary>
internal sealed class InteropService(InteropService.Journal journal) : InteropCalls.InteropCallsBase
{
    /// <summary>Metadata that comes back with the head.</summary>
    public const string EchoInitial = "x-echo-initial";

    /// <summary>Metadata that comes back as a trailer.</summary>
    public const string EchoTrailing = "x-echo-trailing-bin";

    public override async Task<Void> Nothing(Void request, ServerCallContext context)
    {
        await EchoMetadataAsync(context);
        return request;
    }

    public override async Task<Answer> Unary(Call request, ServerCallContext context)
    {
        await EchoMetadataAsync(context);
        CheckCompression(request.HasIsCompressed ? request.IsCompressed : null, 0, context);
        EndIfTold(request);
        return request.Wanted is [var wanted, ..] ? Make(wanted, context) : new();
    }

    public override async Task<Answer> Cacheable(Call request, ServerCallContext context)
    {
        await EchoMetadataAsync(context);
        return new() { Payload = request.Payload, Serial = journal.CountCacheable() };
    }

    public override async Task<Total> Collect(IAsyncStreamReader<Upload> requestStream, ServerCallContext context)
    {
        var (bytes, index) = (0, 0);
        try
        {
            await foreach (var upload in requestStream.ReadAllAsync(context.CancellationToken))
            {
                journal.Begun.TryWrite(true);
                CheckCompression(upload.HasIsCompressed ? upload.IsCompressed : null, index++, context);
                bytes += upload.Payload.Length;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            journal.Cancelled.TryWrite(true);
            throw;
        }

        return new() { Bytes = bytes };
    }

    public override async Task Stream(Call request, IServerStreamWriter<Answer> responseStream, ServerCallContext context)
    {
        foreach (var wanted in request.Wanted)
        {
            await responseStream.WriteAsync(Make(wanted, context), context.CancellationToken);
        }
    }

    public override async Task Duplex(IAsyncStreamReader<Call> requestStream, IServerStreamWriter<Answer> responseStream, ServerCallContext context)
    {
        await EchoMetadataAsync(context);
        journal.Begun.TryWrite(true);
        try
        {
            await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
            {
                EndIfTold(request);
                foreach (var wanted in request.Wanted)
                {
                    await responseStream.WriteAsync(Make(wanted, context), context.CancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            journal.Cancelled.TryWrite(true);
            throw;
        }
    }

    private static Answer Make(Wanted wanted, ServerCallContext context)
    {
        context.WriteOptions = wanted.Compressed ? WriteOptions.Default : new(WriteFlags.NoCompress);
        return new() { Payload = ByteString.CopyFrom(new byte[wanted.Bytes]) };
    }

    private static void EndIfTold(Call request)
    {
        if (request.Ending is { } ending)
        {
            throw new RpcException(new((StatusCode)ending.Code, ending.Message));
        }
    }

    // A message that claims to be compressed and is not, or the other way round, is the client's mistake.
    private static void CheckCompression(bool? expected, int index, ServerCallContext context)
    {
        if (expected is not null && expected != ((MessageFlags)context.GetHttpContext().Request.Body).Compressed[index])
        {
            throw new RpcException(new(StatusCode.InvalidArgument, $"Message {index} should be compressed: {expected}."));
        }
    }

    private static async Task EchoMetadataAsync(ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue(EchoInitial) is { } initial)
        {
            await context.WriteResponseHeadersAsync(new() { { EchoInitial, initial } });
        }

        if (context.RequestHeaders.GetValueBytes(EchoTrailing) is { } trailing)
        {
            context.ResponseTrailers.Add(EchoTrailing, trailing);
        }
    }

    /// <summary>What the service tells the tests.</summary>
    internal sealed class Journal
    {
        private readonly System.Threading.Channels.Channel<bool> _begun = System.Threading.Channels.Channel.CreateUnbounded<bool>();
        private readonly System.Threading.Channels.Channel<bool> _cancelled = System.Threading.Channels.Channel.CreateUnbounded<bool>();
        private int _cacheable;

        public System.Threading.Channels.ChannelWriter<bool> Begun => _begun.Writer;

        public System.Threading.Channels.ChannelWriter<bool> Cancelled => _cancelled.Writer;

        public int CountCacheable() => Interlocked.Increment(ref _cacheable);

        public async Task BegunAsync(CancellationToken limit) => await _begun.Reader.ReadAsync(limit);

        public async Task CancelledAsync(CancellationToken limit) => await _cancelled.Reader.ReadAsync(limit);

        /// <summary>Forgets what earlier cases have left.</summary>
        public void Clear()
        {
            _cacheable = 0;
            while (_begun.Reader.TryRead(out _) || _cancelled.Reader.TryRead(out _))
            {
            }
        }
    }
}
