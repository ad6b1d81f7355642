namespace GatewayKit.Pipeline;

/// <summary>
/// Thrown by an <see cref="IForwardTransform"/> that cannot make a request worth sending. The forwarder answers with the reason;
/// nothing has been sent to a destination then.
/// </summary>
public sealed class ForwardTransformException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="reason">What the client is told.</param>
    public ForwardTransformException(RejectionReason reason)
        : base(reason?.Title)
    {
        ArgumentNullException.ThrowIfNull(reason);
        Reason = reason;
    }

    /// <summary>What the client is told.</summary>
    public RejectionReason Reason { get; }
}
