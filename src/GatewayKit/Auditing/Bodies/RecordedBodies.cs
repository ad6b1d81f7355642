using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Auditing.Bodies;

/// <summary>Which bodies of an endpoint are recorded, and how. Immutable.</summary>
/// <param name="body">The settings.</param>
internal sealed class RecordedBodies(AuditBody body)
{
    public int MaxBytes => body.MaxBytes;

    /// <summary>Whether a journal may have them in the clear.</summary>
    public bool MayBeInTheClear => body.AllowUnencrypted;

    public BodyTypes Types { get; } = new(body.ContentTypes);

    public BodyMasks Masks { get; } = new(body.Masks);

    /// <summary>Looks on while the body of a request is read.</summary>
    /// <param name="record">The record of the request.</param>
    /// <param name="isForwarded">Whether it is read for a destination, which says what it reads; else it is whoever reads the stream.</param>
    public void WatchRequest(AuditedRequest record, bool isForwarded)
    {
        var httpContext = record.HttpContext;
        if (!body.Request || record.Bodies.Request is not null || !BodyDetection.MayHaveBody(httpContext) || IsStream(httpContext))
        {
            return;
        }

        var capture = new BodyCapture(this) { IsTapped = !isForwarded, Announced = httpContext.Request.ContentLength };
        capture.Look(httpContext.Request.ContentType, httpContext.Request.Headers.ContentEncoding);
        record.Bodies.Request = capture;
        if (!isForwarded)
        {
            httpContext.Request.Body = new TappedStream(httpContext.Request.Body, capture);
        }
    }

    /// <summary>Looks on while the body of an answer is written.</summary>
    public void WatchResponse(AuditedRequest record)
    {
        var httpContext = record.HttpContext;
        if (!body.Response || record.Bodies.Response is not null || HttpMethods.IsHead(httpContext.Request.Method) || IsStream(httpContext)
            || httpContext.Features.Get<IHttpResponseBodyFeature>() is not { } inner)
        {
            return;
        }

        var capture = new BodyCapture(this);
        record.Bodies.Response = capture;
        httpContext.Features.Set<IHttpResponseBodyFeature>(new TappedResponseBody(inner, httpContext.Response, capture));
    }

    // What becomes a tunnel, and calls of gRPC: nothing stands in their way.
    private static bool IsStream(HttpContext httpContext) =>
        httpContext.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
        || httpContext.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true }
        || HttpMethods.IsConnect(httpContext.Request.Method)
        || GrpcCall.Is(httpContext.Request);

    private sealed class TappedResponseBody(IHttpResponseBodyFeature inner, HttpResponse response, BodyCapture capture) : PassingResponseBody(inner)
    {
        protected override void Starting()
        {
            // Before middleware further out compresses it: it is the endpoint's own text that passes here.
            if (!capture.IsKnown)
            {
                capture.Look(response.ContentType, response.Headers.ContentEncoding);
            }
        }

        protected override void Passed(ReadOnlySpan<byte> bytes) => capture.Append(bytes);
    }
}

/// <summary>The bodies of one request.</summary>
internal struct CapturedBodies
{
    /// <summary>What the client sent; <see langword="null"/> if that is not recorded.</summary>
    public BodyCapture? Request { get; set; }

    /// <summary>What it was answered; <see langword="null"/> if that is not recorded.</summary>
    public BodyCapture? Response { get; set; }

    /// <summary>Whether there is something to say of them.</summary>
    public readonly bool Any => Request is not null || Response is { Total: > 0 };

    /// <summary>Whether something is kept that is to be searched.</summary>
    public readonly bool HasText => Request is { HasText: true } || Response is { HasText: true };

    /// <summary>Forgets them.</summary>
    public void Close()
    {
        Request?.Close();
        Response?.Close();
        (Request, Response) = (null, null);
    }
}
