namespace GatewayKit.Pipeline;

/// <summary>An attempt at a destination, as far as the pipeline knows it.</summary>
internal interface IForwardAttempt
{
    string ClusterId { get; }

    string DestinationId { get; }

    Uri DestinationAddress { get; }

    /// <summary>When it had to be over, as a timestamp; <see cref="long.MaxValue"/> without a limit.</summary>
    long EndsAt { get; }

    /// <summary>Whether it cannot be ruled out that the destination has begun to process the request.</summary>
    bool MayBeProcessed { get; }

    /// <summary>Whether a byte of the request's body was read for it, or still may be, and is not kept.</summary>
    bool HasLostBody { get; }

    /// <summary>What came of it so far.</summary>
    AttemptRecord Record { get; }
}
