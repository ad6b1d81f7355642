using System.Net;

namespace GatewayKit.Resilience.Faults;

/// <summary>The body of an answer, slowed down on purpose.</summary>
internal sealed class PacedContent : HttpContent
{
    private readonly long _bytesPerSecond;
    private readonly TimeProvider _time;

    public PacedContent(HttpContent inner, long bytesPerSecond, TimeProvider time)
    {
        (Inner, _bytesPerSecond, _time) = (inner, bytesPerSecond, time);
        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    /// <summary>The body itself.</summary>
    public HttpContent Inner { get; }

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => new PacedStream(Inner.ReadAsStream(cancellationToken), _bytesPerSecond, _time);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new PacedStream(await Inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), _bytesPerSecond, _time);

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        await (await CreateContentReadStreamAsync().ConfigureAwait(false)).CopyToAsync(stream).ConfigureAwait(false);

    protected override bool TryComputeLength(out long length)
    {
        length = Inner.Headers.ContentLength ?? 0;
        return Inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
