using System.Diagnostics;
using System.Net;
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
    private State _state;
    private AuditDelivery _delivery;
    private bool _isSeenAtArrival;
    private DataKey? _dataKey;
    private Task? _serving;
    private AuditGate? _gate;

    /// <summary>Where it comes from and goes back to.</summary>
    public AuditTrail Trail => trail;

    /// <summary>The request.</summary>
    public HttpContext HttpContext { get; private set; } = null!;

    /// <summary>The request inside its pipeline; <see langword="null"/> as long as it is in none.</summary>
    public GatewayContext? Context { get; private set; }

    /// <summary>What it is recorded as.</summary>
    public AuditedEndpoint Endpoint { get; private set; } = AuditedEndpoint.None;

    /// <summary>What tells it apart from all others.</summary>
    public string Id { get; private set; } = string.Empty;

    /// <summary>When it came, by the wall clock.</summary>
    public DateTimeOffset CameAt { get; private set; }

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

    public bool IsBegun => _state is not State.New;

    IBodyWatch? IAccessRecord.RequestBody => Bodies.Request is { IsTapped: false } body ? body : null;

    /// <summary>Begins.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="isArrival">Whether nothing of the host has seen the request yet.</param>
    /// <param name="id">What tells it apart.</param>
    /// <param name="time">When it came, by the wall clock.</param>
    /// <param name="timestamp">When it came.</param>
    public void Start(HttpContext httpContext, bool isArrival, string id, DateTimeOffset time, long timestamp)
    {
        (HttpContext, Id, CameAt, StartedAt) = (httpContext, id, time, timestamp);
        (_isSeenAtArrival, Peer) = (isArrival, isArrival ? httpContext.Connection.RemoteIpAddress : null);
        (Context, Endpoint, Target, _state, _dataKey, _serving) = (null, AuditedEndpoint.None, null, State.New, null, null);
        Bodies.Close();
    }

    /// <summary>Whether an exception came through all that serves the request, up to the server.</summary>
    public bool HasFailed => _serving is { IsFaulted: true };

    /// <summary>Has the request served, and sees how that goes: what throws says so to nobody else.</summary>
    public Task ServeAsync(RequestDelegate serve) => _serving = serve(HttpContext);

    /// <summary>Learns what the request is for. Once it is recorded it stays what it was, also where the host has another endpoint answer, as for a page that tells of an error.</summary>
    public void Enter(GatewayContext context, AuditedEndpoint endpoint)
    {
        if (!IsBegun)
        {
            (Context, Endpoint) = (context, endpoint);
            Target = endpoint.Bodies is null ? null : HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget;
        }
    }

    public ValueTask<bool> BeginAsync()
    {
        var recording = Record();
        return recording.IsCompletedSuccessfully ? new(Conclude(recording.Result)) : AwaitAsync(recording);
    }

    /// <summary>Records the beginning, and goes on if that is done.</summary>
    /// <param name="context">The request.</param>
    /// <param name="pass">What lies behind the gate.</param>
    public ValueTask<object?> PassAsync(GatewayContext context, EndpointFilterDelegate pass)
    {
        var recording = Record();
        return !recording.IsCompletedSuccessfully ? (_gate ??= new(this)).PassAsync(recording, context, pass)
            : Conclude(recording.Result) ? pass(context)
            : new(context.RefuseUnrecorded());
    }

    /// <summary>Takes note of what came of the beginning.</summary>
    /// <returns>Whether the request may go on.</returns>
    public bool Conclude(bool isRecorded)
    {
        _state = isRecorded ? State.Begun : State.Unrecorded;
        return isRecorded || Endpoint.Policy.Mode is PolicyMode.Shadow;
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

            if (_state is State.Begun && trail.Journal is { } journal)
            {
                WriteEnd(journal);
            }
        }
        finally
        {
            Bodies.Close();
        }
    }

    /// <summary>Keeps it out of the journal.</summary>
    public void Exclude() => _state = State.Excluded;

    private async ValueTask<bool> AwaitAsync(ValueTask<bool> recording) => Conclude(await recording.ConfigureAwait(false));

    private ValueTask<bool> Record()
    {
        Debug.Assert(_state is State.New, "A request begins once.");
        if (trail.Journal is not { } journal)
        {
            return new(false);
        }

        // Until it is: whatever is thrown on the way leaves nothing to end.
        _state = State.Unrecorded;
        _delivery = Endpoint.Policy.Mode is PolicyMode.Shadow ? AuditDelivery.BestEffort : Endpoint.Policy.Delivery;
        return trail.Personal.Keys is not { } keys || keys.TryGet(SubjectOf(keys), out _dataKey) ? Commit(journal) : AwaitKeyAsync(journal, keys);
    }

    private ValueTask<bool> Commit(AuditJournal journal)
    {
        var entry = journal.Rent();
        try
        {
            AuditLines.WriteBegin(entry, this, trail.Now());
        }
        catch
        {
            entry.Return();
            throw;
        }

        return journal.CommitAsync(entry, _delivery);
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

    private (string Type, string Value) SubjectOf(DataKeys keys) => keys.SubjectOf(HttpContext.Features.Get<GatewayConsumer>()?.Id);

    // Nobody waits any more.
    private void BeginAtTheEnd()
    {
        if (trail.Journal is not { } journal)
        {
            return;
        }

        if (trail.Personal.Keys is { } keys)
        {
            keys.TryGet(SubjectOf(keys), out _dataKey);
        }

        _delivery = AuditDelivery.BestEffort;
        var commit = Commit(journal);
        Conclude(commit.IsCompletedSuccessfully && commit.Result);
    }

    private enum State
    {
        /// <summary>Nothing is recorded.</summary>
        New,

        /// <summary>The beginning is recorded, the end is to come.</summary>
        Begun,

        /// <summary>The beginning is on its way, or could not be recorded.</summary>
        Unrecorded,

        /// <summary>It is none of those that are recorded.</summary>
        Excluded,
    }
}
