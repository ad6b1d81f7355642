using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// One request on its way through the gateway: what endpoint filters of gateway and host get as their invocation context. Not
/// thread-safe; it belongs to its request.
/// </summary>
public sealed class GatewayContext : EndpointFilterInvocationContext
{
    /// <summary>The value of <see cref="Passed"/> while a filter of the host still stands outside the pipeline.</summary>
    internal const int NotEntered = -1;

    private const int NoStep = -1;

    // A full disk is looked at every second.
    private static readonly TimeSpan RetryWhenRecorded = TimeSpan.FromSeconds(1);

    private ShadowRecord? _shadow;
    private LimitReadings? _readings;
    private object?[]? _arguments;
    private IGatewayPolicy? _recordPolicy;

    // Steps, not more than a pipeline has: there is one context per request.
    private short _passed;
    private short _refusedAt = NoStep;

    // A day at most, in milliseconds.
    private int _deadlineGrants;

    private List<IForwardAttempt>? _formerAttempts;

    // Of attempts before the latest.
    private bool _mayBeProcessed, _hasLostBody;

    internal GatewayContext(HttpContext httpContext, GatewayPipeline pipeline, EndpointFilterInvocationContext? inner = null)
    {
        HttpContext = httpContext;
        Pipeline = pipeline;
        Inner = inner;
    }

    /// <inheritdoc/>
    public override HttpContext HttpContext { get; }

    /// <summary>The arguments of the host's handler. On a gateway route there is one: the <see cref="HttpContext"/>.</summary>
    public override IList<object?> Arguments => Inner?.Arguments ?? (_arguments ??= [HttpContext]);

    /// <summary>The endpoint that is being served.</summary>
    public GatewayEndpoint Endpoint => Pipeline.Endpoint;

    /// <summary>
    /// The path below the path base in the one form in which it is matched, recorded and forwarded: percent-encoded, escapes in upper case,
    /// unreserved characters plain, dot segments resolved (RFC 3986 §6.2.2). <see langword="null"/> if it has no single reading, in which case
    /// the request is not forwarded.
    /// </summary>
    public string? Path => RequestTarget.TryRead(HttpContext, Endpoint.AllowsEncodedSlash, out var target) ? target.Path : null;

    /// <summary>The policies that this request passes, in order.</summary>
    public GatewayPipeline Pipeline { get; }

    /// <summary>
    /// The cluster that the latest attempt went to: of a route that is split, the side that the request is on. <see langword="null"/> before, and on
    /// endpoints of the host.
    /// </summary>
    public string? ClusterId => LatestAttempt?.ClusterId;

    /// <summary>The destination that the latest attempt went to; <see langword="null"/> before, and on endpoints of the host.</summary>
    public string? DestinationId => LatestAttempt?.DestinationId;

    /// <summary>How many attempts have been made at destinations.</summary>
    public int Attempts { get; internal set; }

    /// <summary>Why the request was not served; <see langword="null"/> while it is going well.</summary>
    public RejectionReason? Reason { get; internal set; }

    /// <summary>The address of that destination.</summary>
    public Uri? DestinationAddress => LatestAttempt?.DestinationAddress;

    /// <summary>What went through the upgraded connection that the request became, once that has ended; <see langword="null"/> if it became none.</summary>
    public TunnelRecord? Tunnel => HttpContext.Features.Get<TunnelRecord>();

    /// <summary>What was injected into the request on purpose: measurements of it are no measurements.</summary>
    public InjectedFaults InjectedFaults => HttpContext.Features.Get<IInjectedFaults>()?.Kinds ?? InjectedFaults.None;

    /// <summary>What answered in place of the endpoint's own terminal; <see langword="null"/> while nothing did.</summary>
    public FallbackRecord? Fallback => HttpContext.Features.Get<FallbackRecord>();

    /// <summary>
    /// The class of the request, which says who gives way to whom where there is not room for all: one of <see cref="GatewayOptions.PriorityClasses"/>. Whoever
    /// knows better sets it, such as a policy that has found out who calls. Default <see cref="PriorityClass.Standard"/>.
    /// </summary>
    public string Priority
    {
        get => field ?? PriorityClass.Standard;
        set => (field, PriorityOfCaller) = (value ?? throw new ArgumentNullException(nameof(value)), null);
    }

    /// <summary>
    /// Who is calling; <see langword="null"/> as long as nobody has found out. What is set here is also a feature of the request, for handlers of the host.
    /// </summary>
    public GatewayConsumer? Consumer
    {
        get => HttpContext.Features.Get<GatewayConsumer>();
        set => HttpContext.Features.Set(value);
    }

    /// <summary>What changes the exchange with the destination; <see langword="null"/> when it goes through as it came.</summary>
    public IForwardTransform? ForwardTransform { get; set; }

    /// <summary>What each policy decided so far, in the order of the pipeline. Built when read.</summary>
    public IReadOnlyList<PolicyDecision> Decisions
    {
        get
        {
            var steps = Pipeline.Steps;
            var decisions = new List<PolicyDecision>(steps.Count);
            for (var i = 0; i < Passed; i++)
            {
                decisions.Add(DecisionOf(i));
            }

            if (Concluded && RefusedAt is NoStep && EndedAt is { } step)
            {
                decisions.Add(new(step.Name, ModeOf(step.Policy), Reason is null ? PolicyOutcome.Answered : PolicyOutcome.Refused, Reason, step.Policy.EnforcePercent, OutcomeOfCandidate(Passed)));
            }

            return decisions;
        }
    }

    /// <summary>What the framework made of the invocation; <see langword="null"/> on a gateway route, where this context is the only one.</summary>
    internal EndpointFilterInvocationContext? Inner { get; }

    /// <summary>A destination's answer that nobody has written yet; released with the request if nobody does.</summary>
    internal IAsyncDisposable? PendingAnswer { get; set; }

    /// <summary>When the request has to be over, as a timestamp; <see cref="long.MaxValue"/> without a limit. It is only ever shortened.</summary>
    internal long Deadline { get; set; } = long.MaxValue;

    /// <summary>How long the setting behind <see cref="Deadline"/> grants, of which filters may have used some; zero if a caller wants it so soon.</summary>
    internal TimeSpan DeadlineGrants
    {
        get => TimeSpan.FromMilliseconds(_deadlineGrants);
        set => _deadlineGrants = (int)value.TotalMilliseconds;
    }

    /// <summary>Whether <see cref="Deadline"/> leaves streams alone: gRPC calls, and answers that turn out to be event streams.</summary>
    internal bool DeadlineSparesStreams { get; set; }

    /// <summary>When a gRPC call came, in milliseconds of the clock that does not jump; 0 for other requests. What its deadline is counted from.</summary>
    internal int CameAt { get; set; }

    /// <summary>The latest attempt at a destination.</summary>
    internal IForwardAttempt? LatestAttempt
    {
        get;
        set
        {
            _mayBeProcessed |= field is { MayBeProcessed: true };
            _hasLostBody |= field is { HasLostBody: true };
            if (field is not null && _recordPolicy is not null)
            {
                (_formerAttempts ??= []).Add(field);
            }

            field = value;
        }
    }

    /// <summary>The attempts before the latest, of a request that is recorded. One of them may be the latest again.</summary>
    internal IReadOnlyList<IForwardAttempt> FormerAttempts => _formerAttempts ?? (IReadOnlyList<IForwardAttempt>)[];

    /// <summary>Whether it cannot be ruled out that a destination has begun to process the request.</summary>
    internal bool MayBeProcessed => _mayBeProcessed || LatestAttempt is { MayBeProcessed: true };

    /// <summary>Whether the request's body cannot be sent again: a byte of it was read for a destination and is not kept.</summary>
    internal bool HasLostBody => _hasLostBody || LatestAttempt is { HasLostBody: true };

    /// <summary>Whether a policy in front of the terminal may send the request on, so that what the terminal keeps of its body must outlive its attempts.</summary>
    internal bool IsBodyWanted { get; set; }

    /// <summary>Who sees what is exchanged with the destination; <see langword="null"/> if nobody does.</summary>
    internal IForwardWatch? ForwardWatch { get; set; }

    /// <summary>Who signs what is sent to the destination; <see langword="null"/> if nobody does.</summary>
    internal IForwardSigner? ForwardSigner { get; set; }

    /// <summary>The field of the credential that the gateway shows the destination, unless that is <c>Authorization</c>: a copy for others goes without.</summary>
    internal string? CredentialField { get; set; }

    /// <summary>
    /// Says <see cref="Priority"/> anew once it is known who calls; <see langword="null"/> if it does not depend on that, as when somebody else has set it.
    /// </summary>
    internal Func<HttpContext, string>? PriorityOfCaller { get; set; }

    /// <summary>The record that is kept of the request; <see langword="null"/> if none is, and once the pipeline has ended.</summary>
    internal IAccessRecord? Record { get; private set; }

    /// <summary>Fields of the request that are for the gateway alone, such as credentials that it has checked.</summary>
    internal WithheldFields Withheld;

    /// <summary>The names of cookies that are for the gateway alone; <see langword="null"/> if none are.</summary>
    internal IReadOnlyList<string>? WithheldCookies { get; set; }

    /// <summary>How many of the pipeline's steps have let the request through, or <see cref="NotEntered"/>.</summary>
    internal int Passed
    {
        get => _passed;
        set => _passed = (short)value;
    }

    /// <summary>When the first of several limits took its share of the request; in the units of the throttles' clock.</summary>
    internal long ChargedSince { get; set; }

    /// <summary>The step that let the request through and refused its answer, or <see cref="NoStep"/>.</summary>
    internal int RefusedAt
    {
        get => _refusedAt;
        set => _refusedAt = (short)value;
    }

    /// <summary>Whether <see cref="Note"/> is of any use on a request that a limit lets through; it always is on one that it refuses.</summary>
    internal bool WantsReadings => Pipeline.LimitFields is { TellsThosePassing: true };

    /// <summary>Whether the client is told of limits of the gateway in place of a destination's.</summary>
    internal bool ReplacesLimitFields => _readings is not null && Pipeline.LimitFields is { Passes: false };

    /// <summary>Whether the outcome is known: nothing inside the pipeline changes it any more.</summary>
    internal bool Concluded { get; set; }

    /// <summary>The step that holds the request or has ended it; <see langword="null"/> before the first and behind the last.</summary>
    internal GatewayPipelineStep? EndedAt => Passed >= 0 && Passed < Pipeline.Steps.Count ? Pipeline.Steps[Passed] : null;

    /// <summary>Whether anything is in <see cref="Shadow"/>.</summary>
    internal bool HasShadow => _shadow is not null;

    /// <summary>What policies in shadow mode would have done.</summary>
    internal ShadowRecord Shadow => _shadow ??= new();

    /// <summary>The gateway's context of an invocation: inside a pipeline, <paramref name="context"/> itself.</summary>
    /// <exception cref="InvalidOperationException">The invocation is not inside a gateway pipeline.</exception>
    public static GatewayContext From(EndpointFilterInvocationContext context) =>
        context as GatewayContext ?? FromFeatures(context);

    /// <summary>Adds a change to the exchange with the destination after those that are there.</summary>
    public void AddForwardTransform(IForwardTransform transform)
    {
        ArgumentNullException.ThrowIfNull(transform);
        ForwardTransform = ForwardTransform is { } first ? new ForwardTransformChain(first, transform) : transform;
    }

    /// <summary>
    /// Refuses the request after the rest of the pipeline has answered. A policy that called <c>next</c> returns what this returns; a
    /// problem that it made by itself would be taken for one from further inside, and the policy for one that let the request through.
    /// </summary>
    /// <param name="policy">The policy that refuses.</param>
    /// <param name="problem">The refusal, which takes the place of the answer.</param>
    /// <returns>The refusal, with the name of the policy on it. In <see cref="PolicyMode.Shadow"/> the answer stands, as ever.</returns>
    /// <exception cref="ArgumentException">The policy is not in effect on this endpoint.</exception>
    public GatewayProblem RefuseAnswer(IGatewayPolicy policy, GatewayProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        for (var i = 0; i < Pipeline.Steps.Count; i++)
        {
            if (Pipeline.Steps[i].Runs(policy))
            {
                return problem.RefusedBy(i);
            }
        }

        throw new ArgumentException($"{policy} is not in effect on '{Endpoint}'.", nameof(policy));
    }

    /// <summary>Has a record kept of the request.</summary>
    /// <param name="record">The record.</param>
    /// <param name="policy">The policy that asks for it.</param>
    internal void KeepRecord(IAccessRecord record, IGatewayPolicy policy)
    {
        record.Hold();
        (Record, _recordPolicy) = (record, policy);
    }

    /// <summary>Lets go of the record, because the pipeline has ended: what a filter has left behind in it may come when the record is another request's.</summary>
    internal void LeaveRecord()
    {
        var record = Record;
        Record = null;
        record?.Release();
    }

    /// <summary>The refusal of a request that cannot be recorded.</summary>
    internal GatewayProblem RefuseUnrecorded() => RefuseAnswer(_recordPolicy!, new(RejectionReason.AuditUnavailable, retryAfter: RetryWhenRecorded));

    /// <summary>Whether a policy that is in effect refuses this request if it has to, of what it says of itself and of the caller.</summary>
    internal bool Enforces(IGatewayPolicy policy) => ModeOf(policy) is PolicyMode.Enforce;

    /// <summary>The names of the policies in shadow that would have refused the request so far, as a list in a field; <see langword="null"/> if none would have.</summary>
    internal string? WouldReject =>
        _shadow?.Refusals.Select(step => Pipeline.Steps[step].Name).Distinct().ToArray() is { Length: > 0 } names ? string.Join(", ", names) : null;

    /// <summary>Notes how a limit stands after its decision, for the client to be told. Without effect once the response has started, and free where nothing is told.</summary>
    internal void Note(in LimitReading reading)
    {
        if (Pipeline.LimitFields is not { } fields)
        {
            return;
        }

        var item = new LimitItem(reading);
        if (_readings is null && fields.Wants(item) && !HttpContext.Response.HasStarted)
        {
            _readings = new(this, fields);
        }

        _readings?.Add(item);
    }

    /// <summary>Notes how a limit stands after it got back what this request had taken of it.</summary>
    internal void NoteGivenBack(in LimitReading reading) => _readings?.Correct(new(reading));

    /// <summary>Puts the request into the class of its caller, who is known now: that of the plan, or the one that their claims say.</summary>
    internal void ClassifyCaller()
    {
        if (Consumer?.Plan?.Priority is { } priority)
        {
            Priority = priority;
        }
        else if (PriorityOfCaller is { } classify)
        {
            // And again, should another credential of the caller have claims.
            (Priority, PriorityOfCaller) = (classify(HttpContext), classify);
        }
    }

    /// <inheritdoc/>
    public override T GetArgument<T>(int index) => Inner is null ? (T)Arguments[index]! : Inner.GetArgument<T>(index);

    private PolicyMode ModeOf(IGatewayPolicy policy) => _shadow is not null && _shadow.IsSpared(policy) ? PolicyMode.Shadow : policy.Mode;

    private PolicyOutcome? OutcomeOfCandidate(int step) =>
        Pipeline.Steps[step].Policy.Candidate is null ? null
        : _shadow is not null && _shadow.TryGetRefusal(ShadowMode.KeyOfCandidate(step), out _) ? PolicyOutcome.WouldRefuse
        : PolicyOutcome.Allowed;

    private PolicyDecision DecisionOf(int step)
    {
        var policy = Pipeline.Steps[step].Policy;
        var (outcome, why) = step == RefusedAt ? (PolicyOutcome.Refused, Reason)
            : _shadow is not null && _shadow.TryGetRefusal(step, out var reason) ? (PolicyOutcome.WouldRefuse, reason)
            : (PolicyOutcome.Allowed, null);
        return new(Pipeline.Steps[step].Name, ModeOf(policy), outcome, why, policy.EnforcePercent, OutcomeOfCandidate(step));
    }

    // A host filter may pass on a context of its own. The request still has one gateway context.
    private static GatewayContext FromFeatures(EndpointFilterInvocationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.HttpContext.Features.Get<GatewayContext>()
            ?? throw new InvalidOperationException(
                "This invocation is not inside a gateway pipeline. Add a gateway policy to the endpoint before the filter that asks for the gateway context.");
    }
}
