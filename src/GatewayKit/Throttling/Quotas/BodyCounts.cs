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

    private sealed class CountingResponse(IHttpResponseBodyFeature inner) : PassingResponseBody(inner)
    {
        private long _count;

        public long Count => Volatile.Read(ref _count);

        protected override void Passed(ReadOnlySpan<byte> bytes) => _count += bytes.Length;
    }
}
