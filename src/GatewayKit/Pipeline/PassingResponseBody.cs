using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Pipeline;

/// <summary>A response body that sees every byte on its way to the one behind it. It holds nothing up, keeps nothing back and changes nothing.</summary>
/// <param name="inner">The one behind it.</param>
internal abstract class PassingResponseBody(IHttpResponseBodyFeature inner) : IHttpResponseBodyFeature
{
    private PassingWriter? _writer;
    private Stream? _stream;

    public PipeWriter Writer => _writer ??= new(this, inner.Writer);

    public Stream Stream => _stream ??= Writer.AsStream(leaveOpen: true);

    /// <summary>The first one behind this that is no such body, such as that of the server.</summary>
    public static IHttpResponseBodyFeature? BehindAll(IHttpResponseBodyFeature? body)
    {
        while (body is PassingResponseBody passing)
        {
            body = passing.Inner;
        }

        return body;
    }

    private IHttpResponseBodyFeature Inner => inner;

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        Starting();
        return inner.StartAsync(cancellationToken);
    }

    public Task CompleteAsync() => inner.CompleteAsync();

    // As the server does it itself, so that these bytes are seen too.
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    /// <summary>Somebody is about to write, and whoever is behind this has not been told: the head is as the endpoint has made it. Called more than once.</summary>
    protected virtual void Starting()
    {
    }

    /// <summary>Bytes pass.</summary>
    protected abstract void Passed(ReadOnlySpan<byte> bytes);

    private sealed class PassingWriter(PassingResponseBody body, PipeWriter inner) : PipeWriter
    {
        private Memory<byte> _lent;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            body.Starting();
            return _lent = inner.GetMemory(sizeHint);
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            // Before the memory goes away.
            body.Passed(_lent.Span[..bytes]);
            _lent = _lent[bytes..];
            inner.Advance(bytes);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            body.Starting();
            return inner.FlushAsync(cancellationToken);
        }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            body.Starting();
            body.Passed(source.Span);
            return inner.WriteAsync(source, cancellationToken);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
