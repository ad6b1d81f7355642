using System.IO.Pipelines;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Throttling.Quotas;

/// <summary>Counts the bytes of a request's content as it is read, and of its answer's as it is written. Connections that are upgraded are not looked into.</summary>
internal sealed class BodyCounts
{
    private CountingResponse? _response;
    private bool _countsRequest;
    private long _requestBytes;

    public long RequestBytes => Volatile.Read(ref _requestBytes);

    public long ResponseBytes => _response?.Count ?? 0;

    /// <summary>Counts the request's content from here on.</summary>
    public void CountRequest(HttpContext httpContext)
    {
        if (!_countsRequest && httpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
        {
            _countsRequest = true;
            httpContext.Request.Body = new CountingStream(httpContext.Request.Body, this);
        }
    }

    /// <summary>Counts the answer's content from here on.</summary>
    public void CountResponse(HttpContext httpContext)
    {
        if (_response is null && httpContext.Features.Get<IHttpResponseBodyFeature>() is { } inner)
        {
            httpContext.Features.Set<IHttpResponseBodyFeature>(_response = new(inner));
        }
    }

    private sealed class CountingStream(Stream inner, BodyCounts counts) : ForwardOnlyStream
    {
        public override bool CanRead => true;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            counts._requestBytes += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = inner.Read(buffer, offset, count);
            counts._requestBytes += read;
            return read;
        }
    }

    private sealed class CountingResponse(IHttpResponseBodyFeature inner) : IHttpResponseBodyFeature
    {
        private CountingWriter? _writer;
        private Stream? _stream;
        private long _sent;

        public long Count => Volatile.Read(ref _sent) + (_writer?.Count ?? 0);

        public Stream Stream => _stream ??= Writer.AsStream(leaveOpen: true);

        public PipeWriter Writer => _writer ??= new(inner.Writer);

        public void DisableBuffering() => inner.DisableBuffering();

        public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

        public Task CompleteAsync() => inner.CompleteAsync();

        public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
        {
            var length = count ?? (new FileInfo(path).Length - offset);
            await inner.SendFileAsync(path, offset, count, cancellationToken).ConfigureAwait(false);
            _sent += length;
        }
    }

    private sealed class CountingWriter(PipeWriter inner) : PipeWriter
    {
        private long _count;

        public long Count => Volatile.Read(ref _count);

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            inner.Advance(bytes);
            _count += bytes;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            _count += source.Length;
            return inner.WriteAsync(source, cancellationToken);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
