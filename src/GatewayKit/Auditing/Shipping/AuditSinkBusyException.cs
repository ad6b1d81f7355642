namespace GatewayKit.Auditing.Shipping;

/// <summary>A sink cannot take records now, or an anchor no checkpoint, and may have said when it can.</summary>
public sealed class AuditSinkBusyException : Exception
{
    /// <summary>Makes one without a reason.</summary>
    public AuditSinkBusyException()
        : this("The sink cannot take records now.")
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">Why.</param>
    public AuditSinkBusyException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">Why.</param>
    /// <param name="innerException">How it showed.</param>
    public AuditSinkBusyException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>When it wants to be asked again; half a second is waited at least, and 5 minutes at most. Default <see langword="null"/>: the longer it fails, the longer it is left alone, up to <see cref="AuditSinkOptions.LongestPause"/>, 30 seconds for an anchor.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
