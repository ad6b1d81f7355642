namespace GatewayKit.Auditing.Shipping;

/// <summary>A sink refuses a batch, or an anchor a checkpoint, because of what is in it, and always will: not because it is not well, or not set up.</summary>
public sealed class AuditBatchRejectedException : Exception
{
    /// <summary>Makes one without a reason.</summary>
    public AuditBatchRejectedException()
        : this("The sink refuses a record.")
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">Why, without anything from the records.</param>
    public AuditBatchRejectedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one.</summary>
    /// <param name="message">Why, without anything from the records.</param>
    /// <param name="innerException">How it showed.</param>
    public AuditBatchRejectedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
