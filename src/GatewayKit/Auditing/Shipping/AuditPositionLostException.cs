namespace GatewayKit.Auditing.Shipping;

/// <summary>A sink that keeps positions is not where it was, as after a failover to an older copy of it. Nothing of the batch was kept; its positions are read again, and it gets what it misses.</summary>
public sealed class AuditPositionLostException : Exception
{
    /// <summary>Makes one.</summary>
    public AuditPositionLostException()
        : this("The sink is not where it was.")
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">How it showed.</param>
    public AuditPositionLostException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">How it showed.</param>
    /// <param name="innerException">What it showed by.</param>
    public AuditPositionLostException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
