using System.Diagnostics;
using System.Net;
using System.Runtime.ExceptionServices;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Auditing;

/// <summary>The record of one request from the moment the host sees it until its last byte is out: two lines of the journal. From a pool; it belongs to its request.</summary>
/// <param name="trail">Where it comes from and goes back to.</param>
internal sealed class AuditedRequest(AuditTrail trail) : IAccessRecord
{
    private volatile State _state;
    private AuditDelivery _delivery;
    private bool _isSeenAtArrival, _hasFailed;
    private DataKey? _dataKey;
    private Task? _serving;
    private AuditGate? _gate;
    private TaskCompletionSource? _concluded;
    private int _holders;

    /// <summary>Where it comes from and goes back to.</summary>
    public AuditTrail Trail => trail;

    /// <summary>The request.</summary>
    public HttpContext HttpContext { get; private set; } = null!;

    /// <summary>The request inside its pipeline; <see langword="null"/> as long as it is in none.</summary>
    public GatewayContext? Context { get; private set; }

    /// <summary>What it is recorded as.</summary>
    public AuditedEndpoint Endpoint { get; private set; } = AuditedEndpoint.None;

    /// <summary>What tells it apart from all others, once its beginning is on its way.</summary>
    public string Id { get; set; } = string.Empty;

    /// <summary>Its path as it came.</summary>
    public string? Path { get; private set; }

    /// <summary>Whether it was for an endpoint. Known of what never came to a pipeline once <see cref="AuditTrail.Find"/> has looked.</summary>
    public bool IsMatched { get; set; }

    /// <summary>Whether an answer is on its way to the client.</summary>
    public bool HasStarted { get; set; }

    /// <summary>When it came, as a timestamp.</summary>
    public long StartedAt { get; private set; }

    /// <summary>What its personal part is encrypted with; <see langword="null"/> if that could not be had.</summary>
    public DataKey? DataKey => _dataKey;

    /// <summary>The address of the connection when the request came; <see langword="null"/> if it has none, or nobody looked.</summary>
    public IPAddress? Peer { get; private set; }

    /// <summary>How the address that the host knows the client by was found out.</summary>
    public AddressTrust AddressTrust => !_isSeenAtArrival ? AddressTrust.Unknown
        : Equals(Peer, HttpContext.Connection.RemoteIpAddress) ? AddressTrust.Peer
        : AddressTrust.Forwarded;

    /// <summary>The target as it came to the pipeline, where keys are taken out of it. Kept where bodies are recorded, which may repeat them.</summary>
    public string? Target { get; private set; }

    /// <summary>What is recorded of its bodies.</summary>
    internal CapturedBodies Bodies;

    public bool IsBegun => _state is not (State.New or State.Pending);

    /// <summary>Whether nothing may be served without a record.</summary>
    public static bool IsRequired(AuditPolicy policy) => policy is { Mode: PolicyMode.Enforce, Delivery: not AuditDelivery.BestEffort };

    /// <summary>Whether its beginning is on its way.</summary>
    public bool IsPending => _state is State.Pending;

    /// <summary>Whether its beginning is in the journal.</summary>
    public bool IsRecorded => _state is State.Begun;

    IBodyWatch? IAccessRecord.RequestBody => Bodies.Request is { IsTapped: false } body ? body : null;

    /// <summary>Begins.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="isArrival">Whether nothing of the host has seen the request yet.</param>
    /// <param name="timestamp">When it came.</param>
    public void Start(HttpContext httpContext, bool isArrival, long timestamp)
    {
        (HttpContext, StartedAt, _state) = (httpContext, timestamp, State.New);
        (_isSeenAtArrival, Peer) = (isArrival, isArrival ? httpContext.Connection.RemoteIpAddress : null);
        Path = httpContext.Request.Path.Value;
    }

    /// <summary>Whether an exception came through all that serves the request, up to the server.</summary>
    public bool HasFailed => _hasFailed || _serving is { IsFaulted: true } or { IsCanceled: true };

    /// <summary>Has the request served, and sees how that goes: what throws says so to nobody else.</summary>
    public Task ServeAsync(RequestDelegate serve)
    {
        try
        {
            return _serving = serve(HttpContext);
        }
        catch
        {
            Fail();
            throw;
        }
    }

    /// <summary>Takes note of an exception that goes on to the server.</summary>
    public void Fail() => _hasFailed = true;

    /// <summary>Learns what the request is for. Once it is recorded it stays what it was, also where the host has another endpoint answer, as for a page that tells of an error.</summary>
    public void Enter(GatewayContext context, AuditedEndpoint endpoint)
    {
        if (_state is State.New)
        {
            (Context, Endpoint) = (context, endpoint);
            Target = endpoint.Bodies is null ? null : HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget;
        }
    }

    public ValueTask<bool> BeginAsync()
    {
        if (_state is not State.New)
        {
            return new(AwaitAsync());
        }

        var recording = Record();
        return recording.IsCompletedSuccessfully ? new(Conclude(recording.Result)) : AwaitAsync(recording);
    }

    /// <summary>Records the beginning, and goes on if that is done.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isRequired">Whether what lies behind the gate may not be reached without a record.</param>
    /// <param name="pass">What lies behind the gate.</param>
    public ValueTask<object?> PassAsync(GatewayContext context, bool isRequired, EndpointFilterDelegate pass)
    {
        if (_state is not State.New)
        {
            // Whoever was refused for want of a record comes again, as to a page that tells of the refusal: that is no way around it.
            return IsPending ? AwaitAsync(context, isRequired, pass)
                : isRequired && _state is State.Unrecorded ? new(context.RefuseUnrecorded())
                : pass(context);
        }

        var recording = Record();
        return !recording.IsCompletedSuccessfully ? (_gate ??= new(this)).PassAsync(recording, context, isRequired, pass)
            : Conclude(recording.Result, isRequired) ? pass(context)
            : new(context.RefuseUnrecorded());
    }

    /// <summary>Takes note of what came of the beginning.</summary>
    /// <param name="isRecorded">Whether it is in the journal.</param>
    /// <param name="isRequired">Whether whoever asks goes on with a record only: the gate of a page asks for more than the endpoint that the request was for may.</param>
    /// <returns>Whether the request may go on.</returns>
    public bool Conclude(bool isRecorded, bool isRequired = false)
    {
        _state = isRecorded ? State.Begun : State.Unrecorded;

        // Who comes to wait after this finds the state, and who came before has left word.
        Interlocked.MemoryBarrier();
        _concluded?.TrySetResult();
        return MayGoOn && (isRecorded || !isRequired);
    }

    /// <summary>Takes note that something was thrown on the way: unless the beginning is known to be recorded, it is not.</summary>
    public void GiveUp()
    {
        if (IsPending)
        {
            Conclude(isRecorded: false);
        }
    }

    /// <summary>Is done when it is known what came of the beginning.</summary>
    public Task ConcludedAsync()
    {
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting = Interlocked.CompareExchange(ref _concluded, waiting, null) ?? waiting;
        if (!IsPending)
        {
            waiting.TrySetResult();
        }

        return waiting.Task;
    }

    /// <summary>Writes the end. Whatever had no beginning has one now: something in front of the pipeline ended the request.</summary>
    public void End()
    {
        try
        {
            if (_state is State.New)
            {
                trail.Find(this);
            }

            if (_state is State.New)
            {
                BeginAtTheEnd();
            }

            if (IsRecorded && trail.Journal is { } journal)
            {
                WriteEnd(journal);
            }
        }
        finally
        {
            Bodies.Close();
        }
    }

    public void Hold() => Interlocked.Increment(ref _holders);

    public void Release() => Interlocked.Decrement(ref _holders);

    /// <summary>Keeps it out of the journal.</summary>
    public void Exclude() => _state = State.Excluded;

    /// <summary>Forgets the request, whose end is written.</summary>
    /// <returns>Whether it may be used again: not as long as a handler that the host has left behind is in a pipeline with it, or at the gate.</returns>
    public bool TryClear()
    {
        (HttpContext, Context, Endpoint, Target, Id, Peer) = (null!, null, AuditedEndpoint.None, null, string.Empty, null);

        // A handler that the host has left behind may still come to ask: it begins nothing.
        (_state, _dataKey, _serving, _concluded) = (State.Excluded, null, null, null);
        (Path, IsMatched, HasStarted, _hasFailed) = (null, false, false, false);
        return Volatile.Read(ref _holders) is 0 && _gate is not { IsPassing: true };
    }

    private bool MayGoOn => _state is not State.Unrecorded || !IsRequired(Endpoint.Policy);

    private async Task<bool> AwaitAsync()
    {
        await ConcludedAsync().ConfigureAwait(false);
        return MayGoOn;
    }

    private async ValueTask<bool> AwaitAsync(ValueTask<bool> recording)
    {
        try
        {
            return Conclude(await recording.ConfigureAwait(false));
        }
        finally
        {
            GiveUp();
        }
    }

    private async ValueTask<object?> AwaitAsync(GatewayContext context, bool isRequired, EndpointFilterDelegate pass)
    {
        await ConcludedAsync().ConfigureAwait(false);
        return await PassAsync(context, isRequired, pass).ConfigureAwait(false);
    }

    private ValueTask<bool> Record()
    {
        Debug.Assert(_state is State.New, "A request begins once.");
        if (trail.Journal is not { } journal)
        {
            return new(false);
        }

        _state = State.Pending;
        _delivery = Endpoint.Policy.Mode is PolicyMode.Shadow ? AuditDelivery.BestEffort : Endpoint.Policy.Delivery;
        try
        {
            return KeysNeeded is not { } keys || keys.TryGet(SubjectOf(keys), out _dataKey) ? Commit(journal) : AwaitKeyAsync(journal, keys);
        }
        catch
        {
            GiveUp();
            throw;
        }
    }

    private ValueTask<bool> Commit(AuditJournal journal)
    {
        var (entry, now) = (journal.Rent(), trail.Now());
        Id = trail.NextId(now.Utc);
        try
        {
            AuditLines.WriteBegin(entry, this, now);
        }
#pragma warning disable CA1031 // Code of the host may throw what it likes. It is thrown again where that is in time.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            AuditLines.WriteBareBegin(entry, this, now);
            return FailAsync(journal.CommitAsync(entry, _delivery), exception);
        }

        return journal.CommitAsync(entry, _delivery);
    }

    // That the request came is recorded, and not who was let in to what: it goes on only where it would without a record.
    private async ValueTask<bool> FailAsync(ValueTask<bool> recording, Exception exception)
    {
        Conclude(await recording.ConfigureAwait(false));
        if (_delivery is not AuditDelivery.BestEffort)
        {
            ExceptionDispatchInfo.Throw(exception);
        }

        return IsRecorded;
    }

    // Room for it was set aside, and the journal waits for it whatever code of the host throws on the way.
    private void WriteEnd(AuditJournal journal)
    {
        var entry = journal.Rent();
        var isWritten = false;
        try
        {
            AuditLines.WriteEnd(entry, this, trail.Now());
            isWritten = true;
        }
        finally
        {
            if (!isWritten)
            {
                AuditLines.WriteBareEnd(entry, this, trail.Now());
            }

            journal.End(entry, _delivery);
        }
    }

    // Once in a while for each caller.
    private async ValueTask<bool> AwaitKeyAsync(AuditJournal journal, DataKeys keys)
    {
        _dataKey = await keys.GetAsync(SubjectOf(keys)).ConfigureAwait(false);
        return await Commit(journal).ConfigureAwait(false);
    }

    private DataKeys? KeysNeeded => trail.Personal is { Keys: { } keys } personal && Endpoint.CanSeal(personal) ? keys : null;

    private (string Type, string Value) SubjectOf(DataKeys keys) => keys.SubjectOf(HttpContext.Features.Get<GatewayConsumer>()?.Id);

    // Nobody waits any more, and nothing else is to be refused.
    private void BeginAtTheEnd()
    {
        if (trail.Journal is not { } journal)
        {
            return;
        }

        if (KeysNeeded is { } keys)
        {
            keys.TryGet(SubjectOf(keys), out _dataKey);
        }

        (_state, _delivery) = (State.Pending, AuditDelivery.BestEffort);
        var commit = Commit(journal);
        Conclude(commit.IsCompletedSuccessfully && commit.Result);
    }

    private enum State
    {
        /// <summary>Nothing is recorded.</summary>
        New,

        /// <summary>The beginning is on its way.</summary>
        Pending,

        /// <summary>The beginning is recorded, the end is to come.</summary>
        Begun,

        /// <summary>The beginning could not be recorded.</summary>
        Unrecorded,

        /// <summary>It is none of those that are recorded.</summary>
        Excluded,
    }
}
