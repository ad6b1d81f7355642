using System.Diagnostics;
using System.Net.Http.Headers;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>
/// The trace context of one hop: exactly one <c>traceparent</c> and at most one <c>tracestate</c> (W3C Trace Context level 2). The span of
/// the hop is the parent if the host records traces. If it does not, what the client sent is passed on as it is, so that the destination's
/// parent is a span that exists. What the client sent wrong is replaced by a new trace.
/// </summary>
internal static class HopTrace
{
    private const string ParentField = "traceparent";
    private const string StateField = "tracestate";

    // The server makes this one also when it is for log scopes only, and nobody records it.
    private const string ServerOperation = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    private static readonly DistributedContextPropagator W3C = DistributedContextPropagator.CreateDefaultPropagator();

    /// <summary>Whether baggage and its older forms are written from the server's activity rather than copied.</summary>
    public static bool OwnsBaggage(Activity? span) =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } current && (span is not null || IsObserved(current));

    /// <summary>Starts the span of the hop. It is current for nobody: the span of an attempt must not be the parent of the next one's.</summary>
    public static Activity? Start(ActivitySource source, HttpContext httpContext)
    {
        const string Name = "forward";
        var current = Activity.Current;
        try
        {
            switch (TraceOrigins.Of(httpContext.Request.Headers, current, out var client))
            {
                case TraceOrigin.Server:
                    return source.StartActivity(Name, ActivityKind.Client);
                case TraceOrigin.Client:
                    return source.StartActivity(Name, ActivityKind.Client, client.ToContext(TraceState.Read(httpContext.Request.Headers.TraceState)), links: LinkTo(current));
                default:
                    Activity.Current = null;
                    return source.StartActivity(Name, ActivityKind.Client, default(ActivityContext), links: LinkTo(current));
            }
        }
        finally
        {
            Activity.Current = current;
        }
    }

    /// <summary>Writes the fields, in place of whatever a transform has set.</summary>
    /// <param name="httpContext">The client's request.</param>
    /// <param name="headers">What goes to the destination.</param>
    /// <param name="span">The span of the hop, if somebody listens.</param>
    /// <param name="startsTraces">Whether a request without a usable context gets one.</param>
    public static void Write(HttpContext httpContext, HttpRequestHeaders headers, Activity? span, bool startsTraces)
    {
        var current = Activity.Current;
        var origin = TraceOrigins.Of(httpContext.Request.Headers, current, out var client);
        var activity = span ?? (origin is TraceOrigin.Server && IsObserved(current!) ? current : null);
        if (activity is { IdFormat: ActivityIdFormat.W3C })
        {
            WriteSpan(httpContext.Request.Headers, headers, activity, client);
        }
        else if (client.IsPresent && !(origin is TraceOrigin.Server && TraceOrigins.StartsAnew(current!, client)))
        {
            Set(headers, client.Format(), TraceState.Read(httpContext.Request.Headers.TraceState));
        }
        else if (startsTraces && DistributedContextPropagator.Current == W3C)
        {
            // The id that the log has too, if there is one.
            Set(
                headers,
                origin is TraceOrigin.Server ? TraceParent.Create(current!.TraceId.ToHexString(), current.SpanId.ToHexString(), RandomFlag) : TraceParent.CreateUnrecorded(),
                state: null);
        }
        else
        {
            Set(headers, parent: null, state: null);
        }
    }

    // A host may have its own generator of ids: then nobody knows how random they are (§3.2.2.5.2).
    private static byte RandomFlag => Activity.TraceIdGenerator is null ? TraceParent.RandomTraceId : (byte)0;

    private static void WriteSpan(IHeaderDictionary request, HttpRequestHeaders headers, Activity activity, TraceParent client)
    {
        var traceId = activity.TraceId.ToHexString();
        var isContinued = client.IsPresent && !TraceOrigins.StartsAnew(activity, client);
        var flags = (activity.Recorded ? TraceParent.Sampled : 0) | (isContinued ? client.Flags & TraceParent.RandomTraceId : RandomFlag);

        var state = StateOf(activity, request.TraceState, isContinued);
        var writesContext = true;
        if (DistributedContextPropagator.Current != W3C)
        {
            // The host has chosen which fields it speaks; if these are among them, they are right.
            Inject(activity, headers);
            writesContext = headers.Contains(ParentField);
        }
        else if (activity.Baggage.Any())
        {
            Inject(activity, headers);
        }

        Set(headers, writesContext ? TraceParent.Create(traceId, activity.SpanId.ToHexString(), (byte)flags) : null, writesContext ? state : null);
    }

    // The server cuts the client's list at 256 characters, gives up on tabs in it, takes what breaks the rules, and attaches it also to a
    // trace that it started because of a bad parent, where it means nothing (§3.3). So the client's own list counts, unless the host wrote another.
    private static string? StateOf(Activity activity, StringValues lines, bool isContinued)
    {
        var state = activity.TraceStateString;
        if (lines.Count == 0)
        {
            return TraceState.Read(state);
        }

        var isClients = string.IsNullOrEmpty(state) || lines.ToString().StartsWith(state, StringComparison.Ordinal);
        return !isClients ? TraceState.Read(state) : isContinued ? TraceState.Read(lines) : null;
    }

    private static void Inject(Activity activity, HttpRequestHeaders headers) =>
        DistributedContextPropagator.Current.Inject(activity, headers, static (carrier, name, value) =>
        {
            var target = (HttpRequestHeaders)carrier!;
            target.Remove(name);
            target.TryAddWithoutValidation(name, value);
        });

    private static void Set(HttpRequestHeaders headers, string? parent, string? state)
    {
        headers.Remove(ParentField);
        headers.Remove(StateField);
        if (parent is not null)
        {
            headers.TryAddWithoutValidation(ParentField, parent);
            if (state is not null)
            {
                headers.TryAddWithoutValidation(StateField, state);
            }
        }
    }

    private static bool IsObserved(Activity activity) => activity.Source.HasListeners() || activity.OperationName is not ServerOperation;

    private static ActivityLink[]? LinkTo(Activity? activity) => activity is { IdFormat: ActivityIdFormat.W3C } ? [new(activity.Context)] : null;
}
