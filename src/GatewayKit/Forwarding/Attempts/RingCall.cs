using GatewayKit.Clusters;
using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>A request on its way round the attempt ring: the call, and what its attempts leave for the next one. Belongs to its request.</summary>
internal sealed class RingCall(ForwardCall call, AttemptSender sender, ReplayBuffer? replay)
{
    /// <summary>Where the strategies of the ring find it.</summary>
    public static readonly ResiliencePropertyKey<RingCall> Key = new("GatewayKit.Call");

    private readonly ForwardCall _call = call;
    private TriedDestinations _tried;
    private KeptOutcome? _kept;

    /// <summary>The call that a strategy of the ring runs for: its own state where it stands alone, else among the properties.</summary>
    public static RingCall Of<TState>(ResilienceContext context, TState state) => state as RingCall ?? context.Properties.GetValue(Key, null!);

    public ref readonly ForwardCall Call => ref _call;

    /// <summary>How many attempts had a destination.</summary>
    public int Attempts { get; private set; }

    /// <summary>Where it was already.</summary>
    public ref readonly TriedDestinations Tried => ref _tried;

    /// <summary>Where the body is kept for another attempt; <see langword="null"/> if it is not.</summary>
    public ReplayBuffer? Replay => replay;

    /// <summary>The attempt that began last.</summary>
    public Exchange? Latest { get; private set; }

    /// <summary>Whether retries have come to an end that gateways in front should not add to.</summary>
    public bool IsExhausted { get; set; }

    /// <summary>Whether the next attempt is none if it finds no destination that was not asked yet.</summary>
    public bool MustGoElsewhere { get; set; }

    /// <summary>Why the request was given up, if it was: its client went, its time is over, or the host cuts what runs.</summary>
    public ForwardError AbortedBy => sender.AbortedBy(_call);

    /// <summary>Makes the next attempt, at a destination that was not asked yet while there is one.</summary>
    public ValueTask<Outcome<AttemptResult>> AttemptAsync()
    {
        if (_kept is not { } kept)
        {
            return sender.SendAsync(_call, this);
        }

        _kept = null;
        return new(kept.Outcome);
    }

    /// <summary>Keeps what came of the first attempt, for the strategies that have not seen it: it is the next one.</summary>
    public void Keep(in Outcome<AttemptResult> first) => _kept = new(first);

    /// <summary>Notes an attempt that has a destination.</summary>
    public void Note(Exchange exchange)
    {
        Attempts++;
        Latest = exchange;
        _tried.Add(exchange.Destination);
    }

    /// <summary>Whether a destination could take another attempt.</summary>
    /// <param name="elsewhere">Whether it must be one that was not asked yet.</param>
    public bool HasDestination(bool elsewhere) => _call.Cluster.HasCandidate(elsewhere ? _tried : default);

    /// <summary>Gives up what is kept of the body.</summary>
    public void End() => replay?.Release();

    private sealed record KeptOutcome(Outcome<AttemptResult> Outcome);
}
