using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Copies what an endpoint of the host writes to its response. A file that the server sends by itself is not seen, and so not compared.</summary>
internal sealed class CapturingResponseBody(IHttpResponseBodyFeature inner, BodyCapture capture) : IHttpResponseBodyFeature
{
    private Stream? _stream;

    /// <summary>Whether something went past this.</summary>
    public bool HasGap { get; private set; }

    public PipeWriter Writer => field ??= new CapturingPipeWriter(inner.Writer, capture);

    public Stream Stream => _stream ??= Writer.AsStream(leaveOpen: true);

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();

    public void DisableBuffering() => inner.DisableBuffering();

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        HasGap = true;
        return inner.SendFileAsync(path, offset, count, cancellationToken);
    }

    private sealed class CapturingPipeWriter(PipeWriter inner, BodyCapture capture) : PipeWriter
    {
        private Memory<byte> _lent;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _lent = inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            capture.Append(_lent.Span[..bytes]);
            _lent = _lent[bytes..];
            inner.Advance(bytes);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            capture.Append(source.Span);
            return inner.WriteAsync(source, cancellationToken);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
