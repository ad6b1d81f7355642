using System.Collections.ObjectModel;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Claims;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Throttling.Replay;

/// <summary>A recorded request as the pipeline sees one: its head comes from the record, its content are zeros, and its answer goes nowhere.</summary>
internal sealed class ReplayRequest : HttpResponseFeature, IHttpResponseBodyFeature, IHttpRequestBodyDetectionFeature
{
    /// <summary>The gateway failed to serve it, for a reason that is none of limits. Which one makes no difference to them.</summary>
    private static readonly GatewayProblem NotServed = new(RejectionReason.FilterError);

    private static readonly GatewayProblem Aborted = new(RejectionReason.ClientAborted);

    // Of bodies that are counted: nobody looks at what is in it.
    private static readonly byte[] Sink = new byte[1 << 20];

    private List<(Func<object, Task> Callback, object State)>? _completions;

    private ReplayRequest(AccessRecord record) => Record = record;

    public AccessRecord Record { get; }

    /// <summary>Whether something waits for its end.</summary>
    public bool IsAwaited => _completions is not null;

    bool IHttpRequestBodyDetectionFeature.CanHaveBody => Record.RequestBytes > 0;

    Stream IHttpResponseBodyFeature.Stream => Stream.Null;

    PipeWriter IHttpResponseBodyFeature.Writer => Drain.Instance;

    public static ReplayRequest Create(AccessRecord record, out HttpContext httpContext)
    {
        var replay = new ReplayRequest(record);
        var (request, features) = (new HttpRequestFeature { Method = HttpMethods.Get, Path = "/", Protocol = HttpProtocol.Http11 }, new FeatureCollection(8));
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(replay);
        features.Set<IHttpResponseBodyFeature>(replay);
        features.Set<IHttpRequestBodyDetectionFeature>(replay);
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { RemoteIpAddress = record.Client });
        features.Set(replay);
        if (record.RequestBytes is > 0 and var length)
        {
            request.Headers.ContentLength = length;
            request.Body = new Zeros(length);
        }

        foreach (var (name, value) in record.Headers ?? ReadOnlyDictionary<string, string>.Empty)
        {
            request.Headers[name] = value;
        }

        httpContext = new DefaultHttpContext(features);
        if (record.Claims is { Count: > 0 } claims)
        {
            httpContext.User = new(new ClaimsIdentity(claims.Select(static claim => new Claim(claim.Key, claim.Value)), nameof(Replay)));
        }

        return replay;
    }

    /// <summary>What stands at the end of the pipeline: it serves the request as it was served then. Who was refused then is served now.</summary>
    public static ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext invocation)
    {
        var context = GatewayContext.From(invocation);
        var (httpContext, record) = (context.HttpContext, context.HttpContext.Features.GetRequiredFeature<ReplayRequest>().Record);
        context.Attempts = 1;
        httpContext.Response.StatusCode = record.WasRefused ? StatusCodes.Status200OK : record.Status ?? StatusCodes.Status200OK;
        ReadContent(httpContext, record);
        WriteContent(httpContext, record);
        foreach (var (name, units) in record.Costs ?? ReadOnlyDictionary<string, long>.Empty)
        {
            // Limits that go by a field of the answer have no other name for it.
            httpContext.Response.Headers[name] = units.ToString(CultureInfo.InvariantCulture);
            httpContext.ReportCost(name, units);
        }

        return new(record.Reason is null || record.WasRefused ? null : record.Reason == Aborted.Reason.Code ? Aborted : NotServed);
    }

    public override void OnCompleted(Func<object, Task> callback, object state) => (_completions ??= []).Add((callback, state));

    /// <summary>Ends the request, last come first served, as the server does.</summary>
    public async Task CompleteAsync()
    {
        for (var i = (_completions?.Count ?? 0) - 1; i >= 0; i--)
        {
            var (callback, state) = _completions![i];
            await callback(state).ConfigureAwait(false);
        }
    }

    void IHttpResponseBodyFeature.DisableBuffering()
    {
    }

    Task IHttpResponseBodyFeature.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHttpResponseBodyFeature.SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHttpResponseBodyFeature.CompleteAsync() => Task.CompletedTask;

    // Somebody counts it if the body is not the record's own any more.
    private static void ReadContent(HttpContext httpContext, AccessRecord record)
    {
        if (record.RequestBytes > 0 && httpContext.Request.Body is not Zeros and var body)
        {
            while (body.Read(Sink, 0, Sink.Length) > 0)
            {
            }
        }
    }

    private static void WriteContent(HttpContext httpContext, AccessRecord record)
    {
        var body = httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        if (body is not ReplayRequest)
        {
            for (var left = record.ResponseBytes ?? 0; left > 0;)
            {
                var bytes = (int)Math.Min(left, body.Writer.GetMemory().Length);
                body.Writer.Advance(bytes);
                left -= bytes;
            }
        }
    }

    private sealed class Zeros(long length) : ForwardOnlyStream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _left);
            _left -= read;
            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read([], 0, buffer.Length));
    }

    private sealed class Drain : PipeWriter
    {
        public static Drain Instance { get; } = new();

        public override void Advance(int bytes)
        {
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => Sink;

        public override Span<byte> GetSpan(int sizeHint = 0) => Sink;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
