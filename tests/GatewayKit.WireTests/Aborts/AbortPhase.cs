using GatewayKit.Forwarding;

namespace GatewayKit.WireTests.Aborts;

/// <summary>Where a request stands when its client goes away.</summary>
public enum AbortPhase
{
    FilterBefore,
    PoolQueue,
    Connecting,
    SendingHead,
    Upload,
    WaitingForHead,
    BeforeBody,
    Body,
    FilterAfter,
    Tunnel,
}

internal static class AbortPhases
{
    /// <summary>Whether the destination has a connection that it must see ending.</summary>
    public static bool IsSeenByDestination(this AbortPhase phase) => phase >= AbortPhase.SendingHead;

    /// <summary>Whether the client has got the head of an answer before it goes.</summary>
    public static bool HasHead(this AbortPhase phase) => phase is AbortPhase.BeforeBody or AbortPhase.Body or AbortPhase.Tunnel;

    /// <summary>The phase of the attempt in the record; <see langword="null"/> if there is no attempt.</summary>
    public static ForwardPhase? Recorded(this AbortPhase phase) => phase switch
    {
        AbortPhase.FilterBefore => null,
        AbortPhase.PoolQueue => ForwardPhase.Waiting,
        AbortPhase.Tunnel => ForwardPhase.Tunnel,
        AbortPhase.BeforeBody or AbortPhase.Body or AbortPhase.FilterAfter => ForwardPhase.Response,
        _ => ForwardPhase.Request,
    };
}
