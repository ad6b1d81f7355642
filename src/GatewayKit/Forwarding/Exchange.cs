using System.Diagnostics;
using System.Net;
using System.Runtime.ExceptionServices;
using GatewayKit.Clusters;
using GatewayKit.Forwarding.Attempts;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding;

/// <summary>What one attempt holds while it runs: its place at the destination, its connections, its clock. All given back once, in <see cref="EndAsync"/>.</summary>
internal sealed class Exchange : IForwardAttempt, IDroppedFields
{
    private readonly ForwardMetrics _metrics;
    private readonly DestinationLease _lease;
    private readonly long _deadline, _streamDeadline;
    private long _startedAt;
    private int _run;

    // A body or an upgrade: an upgrade with a body is refused.
    private object? _sent;
    private bool _acquired, _counted, _ended, _reported, _isJudged;
    private readonly bool _deadlineIsGranted;
    private ushort? _status;
    private uint _micros;
    private byte _error;
    private byte _phase = (byte)ForwardPhase.Request;

    public Exchange(in ForwardCall call, in DestinationLease lease, ExchangeClock clock, ForwardMetrics metrics)
    {
        (HttpContext, Context, Cluster, IsGrpc) = (call.HttpContext, call.Context, call.Cluster, call.IsGrpc);
        (_lease, Clock, _metrics) = (lease, clock, metrics);
        (_deadline, _streamDeadline, _deadlineIsGranted, _sent) = (call.Deadline.At, call.Deadline.StreamsAt, call.Deadline.IsGranted, call.Upgrade);
        if (Context is { } context)
        {
            context.LatestAttempt = this;
            context.Attempts++;
        }
    }

    /// <summary>Takes what the attempt needs. Whatever it had got when it throws is given back by <see cref="EndAsync"/>.</summary>
    /// <returns>What to send the message by.</returns>
    public HttpMessageInvoker Begin()
    {
        _run = Clock.Start(Cluster.Timeouts, HttpContext, _deadline);
        var invoker = Cluster.Transport.Acquire();
        _acquired = true;
        Span = ForwardMetrics.StartSpan(HttpContext, Cluster.Cluster.Id, Destination);
        (_startedAt, _counted) = _metrics.Started(this);
        return invoker;
    }

    public HttpContext HttpContext { get; }

    public GatewayContext? Context { get; }

    public ClusterState Cluster { get; }

    public DestinationState Destination => _lease.Destination;

    public ExchangeClock Clock { get; }

    /// <summary>The span of the attempt; <see langword="null"/> if nobody listens.</summary>
    public Activity? Span { get; private set; }

    /// <summary>The client's body; <see langword="null"/> if it sent none.</summary>
    public RequestBody? Body
    {
        get => _sent as RequestBody;
        set => _sent = value;
    }

    /// <summary>The upgrade that the client asks for; <see langword="null"/> if it asks for none.</summary>
    public WebSocketUpgrade? Upgrade => _sent as WebSocketUpgrade;

    /// <summary>The destination's answer, once it is there.</summary>
    public HttpResponseMessage? Response { get; private set; }

    public bool IsGrpc { get; }

    /// <summary>Whether strategies of the host have sent it more than once, so that how it failed last does not tell what the first sending has done.</summary>
    public bool IsSentAgain { get; set; }

    /// <summary>Whether all is given back.</summary>
    public bool HasEnded => Volatile.Read(ref _ended);

    public CallDeadline Deadline => new(_deadline, _streamDeadline, _deadlineIsGranted);

    /// <summary>
    /// Whether the deadline that ended the attempt is a setting of the gateway, and the destination was silent for at least half of what that grants: it was
    /// given a fair time, and is no better than one that an attempt's own clock has ended.
    /// </summary>
    public bool HadFairTime => Deadline is { Exists: true, IsGranted: true } && Clock.Silence >= (GrantedByRoute ?? Cluster.Timeouts.Total!.Value) / 2;

    /// <summary>What the route grants, if it is the route that sets the deadline; <see langword="null"/> if it is the cluster, or nobody.</summary>
    public TimeSpan? GrantedByRoute => Deadline.Exists && Context?.Deadline == _deadline ? Context.DeadlineGrants : null;

    AttemptRecord IForwardAttempt.Record => new((int?)_status, Reason, TimeSpan.FromMicroseconds(_micros), Body?.BytesSent ?? 0, ResponseBytes, IsCut);

    string IForwardAttempt.ClusterId => Cluster.Cluster.Id;

    string IForwardAttempt.DestinationId => Destination.Id;

    Uri IForwardAttempt.DestinationAddress => Destination.Destination.Address;

    long IForwardAttempt.EndsAt => _deadline;

    // Behind the handlers of a client, what could not be reached may have been reached before.
    bool IForwardAttempt.MayBeProcessed => Error is ForwardError.None || !ForwardFailure.Of(Error).BeforeProcessing || IsSentAgain || Cluster.Cluster.Http.Client is not null;

    bool IForwardAttempt.HasLostBody => Body is { CanBeSentAgain: false };

    public string RouteId => Context?.Endpoint.RouteId ?? HttpContext.GetEndpoint()?.DisplayName ?? "(none)";

    /// <summary>How it failed; the first failure counts.</summary>
    public ForwardError Error
    {
        get => (ForwardError)_error;
        private set => _error = (byte)value;
    }

    /// <summary>What the client, the log and the records are told of it.</summary>
    public RejectionReason? Reason { get; private set; }

    /// <summary>How far it came; stays where it is after a failure.</summary>
    public ForwardPhase Phase
    {
        get => (ForwardPhase)_phase;
        set => _phase = (byte)value;
    }

    /// <summary>Whether the gateway frames the answer to the client itself: see <see cref="ChunkedBody"/>.</summary>
    public bool WritesChunks { get; set; }

    /// <summary>Bytes of the answer's body that came so far.</summary>
    public long ResponseBytes { get; set; }

    /// <summary>Whether all that was to be written of the answer is written: what becomes of the client after that is nobody's failure.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Whether the client has seen the answer, or the tunnel, begin and break off.</summary>
    public bool IsCut { get; set; }

    public ForwardOutcome Outcome => new(Error, Phase, Body?.BytesSent ?? 0, ResponseBytes);

    /// <summary>Takes the answer, whose head is there.</summary>
    public void Accept(HttpResponseMessage answer)
    {
        Response = answer;
        Phase = ForwardPhase.Response;
        Clock.HeadArrived();
        (_status, _micros) = ((ushort)answer.StatusCode, MicrosOf(Clock.HeadTime));
        if (_deadline != _streamDeadline && AttemptOutcomes.IsStream(answer, IsGrpc))
        {
            Clock.EndsAt(_streamDeadline);
        }

        if (Clock.HeadTime is { } headTime)
        {
            Destination.Latency?.Observe(headTime, isError: answer.StatusCode >= HttpStatusCode.InternalServerError);
            if (Cluster.Cluster.TriesAgain)
            {
                Cluster.AttemptTime.Observe(headTime.TotalMilliseconds);
                Cluster.SlowAttemptTime.Observe(headTime.TotalMilliseconds);
            }
        }

        if (IsSampled && !AttemptOutcomes.IsStream(answer, isGrpc: false))
        {
            Cluster.Bulkhead!.Observe(AttemptOutcomes.SampleOf(answer), Clock.HeadTime);
        }

        if (Cluster.Admission is not null && AttemptOutcomes.IsSuccessful(answer, IsGrpc) is { } isSuccess)
        {
            Judge(isSuccess);
        }

        // A probe holds one of few places, and a tunnel may last for days: what they say of the destination, they have said.
        if (AttemptOutcomes.OfHead(answer, IsGrpc, Cluster.Cluster.CircuitBreaker) is not CallResult.Success and var known)
        {
            Report(known, AttemptOutcomes.RetryAfter(answer, Clock.Time));
        }
        else if (_lease.IsProbe || Upgrade is not null)
        {
            Report(CallResult.Success, null);
        }
    }

    /// <summary>Whether it goes to a destination, by whichever state of it.</summary>
    public bool IsTo(string clusterId, DestinationState destination) =>
        Destination.IsSameAs(destination) && string.Equals(Cluster.Cluster.Id, clusterId, StringComparison.OrdinalIgnoreCase);

    /// <summary>Another attempt of the same request was faster. Safe to call from anywhere, and after the end.</summary>
    public void Supersede() => Clock.TryCancel(ForwardError.Superseded, _run);

    /// <summary>The host cuts what runs. Safe to call from anywhere, and after the end.</summary>
    public void Cut() => Clock.TryCancel(ForwardError.Draining, _run);

    /// <summary>Notes a failure and logs it as loud as its kind deserves.</summary>
    public ForwardFailure Fail(ForwardError error, Exception? exception)
    {
        var failure = ForwardFailure.Of(error);
        if (exception is ForwardTransformException refusal)
        {
            failure = failure with { Reason = refusal.Reason };
        }

        if (Error is ForwardError.None)
        {
            (Error, Reason) = (error, failure.Reason);
            if (_status is null)
            {
                _micros = MicrosOf(Clock.HeadTime);
            }

            if (Response is null && failure.Blame is Blame.Destination && Clock.HeadTime is { } headTime)
            {
                Destination.Latency?.Observe(headTime, isError: true);
            }

            if (Response is null && IsSampled)
            {
                Cluster.Bulkhead!.Observe(AttemptOutcomes.SampleOf(this), headTime: null);
            }

            if (Cluster.Admission is not null && AttemptOutcomes.OfEnd(this) is CallResult.Failure)
            {
                Judge(isSuccess: false);
            }

            _metrics.Failed(this, failure, exception);
        }

        return failure;
    }

    /// <summary>Counts a field that is not passed on.</summary>
    public void Note(string name, DroppedField cause) => _metrics.FieldDropped(this, name, cause);

    /// <summary>Gives everything back. Idempotent.</summary>
    public ValueTask EndAsync()
    {
        if (Interlocked.Exchange(ref _ended, true))
        {
            return ValueTask.CompletedTask;
        }

        try
        {
            // A filter kept the answer until a clock fired or the client went away: what nobody will read must not be read to the end.
            if (Response is not null && !IsAnswered && Clock.Error is not ForwardError.None and var clocked)
            {
                Fail(clocked, null);
            }

            if (Response is { } broken && Error is not ForwardError.None)
            {
                return EndBrokenAsync(broken);
            }

            Response?.Dispose();
        }
        catch (Exception exception)
        {
            return EndFaultedAsync(exception);
        }

        if (Body is { IsRunning: true })
        {
            return EndAfterUploadAsync();
        }

        End(reusable: true);
        return ValueTask.CompletedTask;
    }

    // An hour and more is told as such.
    private static uint MicrosOf(TimeSpan? time) => time is { } known ? (uint)Math.Min(known.TotalMicroseconds, uint.MaxValue) : 0;

    private async ValueTask EndBrokenAsync(HttpResponseMessage broken)
    {
        try
        {
            await BrokenConnection.CloseAsync(broken, Cluster.Transport.HasStreamsAtOnce).ConfigureAwait(false);
        }
        finally
        {
            try
            {
                broken.Dispose();
            }
            finally
            {
                await EndAfterUploadAsync().ConfigureAwait(false);
            }
        }
    }

    // An answer of the host's own making that throws when it is disposed, or a log that does: what the attempt holds is given back all the same.
    private async ValueTask EndFaultedAsync(Exception exception)
    {
        try
        {
            Response?.Dispose();
        }
#pragma warning disable CA1031 // The first one is told.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        await EndAfterUploadAsync().ConfigureAwait(false);
        ExceptionDispatchInfo.Throw(exception);
    }

    // Nobody wants the rest of the upload: nothing may read the client's body after the endpoint returned.
    private async ValueTask EndAfterUploadAsync()
    {
        if (Body is { IsRunning: true } body)
        {
            Clock.Cancel();
            await body.Finished.ConfigureAwait(false);
        }

        End(reusable: false);
    }

    private void End(bool reusable)
    {
        try
        {
            if (Error is ForwardError.None)
            {
                Phase = ForwardPhase.Complete;
            }

            if (Error is ForwardError.None && Response is { } answer && Cluster.Admission is not null)
            {
                // A call of gRPC says with its last word how it went.
                Judge(AttemptOutcomes.IsGrpcSuccess(answer.TrailingHeaders));
            }

            Report(AttemptOutcomes.OfEnd(this), null);
        }
        finally
        {
            Clock.Stop(reusable);
            Destination.End();
            if (_acquired)
            {
                Cluster.Transport.Release();
            }

            Upgrade?.Release();
        }

        _metrics.Ended(this, _startedAt, _counted);
        Span?.Dispose();
    }

    // Nothing tells calls of gRPC that stream from those that do not.
    private bool IsSampled => Cluster.Bulkhead is { IsSampled: true } && !IsGrpc && Upgrade is null;

    // What it says of the cluster as a whole, once. A failure behind the head of an answer comes too late.
    private void Judge(bool isSuccess)
    {
        if (!_isJudged)
        {
            _isJudged = true;
            Cluster.Admission?.Count(isSuccess);
        }
    }

    private void Report(CallResult result, TimeSpan? retryAfter)
    {
        if (!_reported)
        {
            _reported = true;
            _lease.Report(result, Clock.HeadTime ?? TimeSpan.Zero, retryAfter, (int?)Response?.StatusCode ?? 0, Reason?.Code ?? AttemptOutcomes.GrpcFailure(Response, IsGrpc));
        }
    }
}
