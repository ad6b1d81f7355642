namespace GatewayKit.Forwarding;

/// <summary>How far an attempt at a destination came.</summary>
public enum ForwardPhase
{
    /// <summary>It waited for a free connection.</summary>
    Waiting,

    /// <summary>The request was being made, connected, sent, or had no answer yet.</summary>
    Request,

    /// <summary>The head of the answer was there, its body on the way.</summary>
    Response,

    /// <summary>The exchange was a tunnel.</summary>
    Tunnel,

    /// <summary>It ended as it should.</summary>
    Complete,
}

/// <summary>What came of an attempt at a destination. A copy of the moment it was asked for.</summary>
/// <param name="Error">How it failed; <see cref="ForwardError.None"/> if it did not, or not yet.</param>
/// <param name="Phase">How far it came; after a failure, how far it had come then.</param>
/// <param name="RequestBodyBytes">Bytes of the request's body that the destination was sent, without framing.</param>
/// <param name="ResponseBodyBytes">Bytes of the answer's body that came from the destination, without framing. Zero for a tunnel.</param>
public readonly record struct ForwardOutcome(ForwardError Error, ForwardPhase Phase, long RequestBodyBytes, long ResponseBodyBytes);
