namespace GatewayKit.Auditing;

/// <summary>When a request may go on: how far the record of its beginning has to be by then.</summary>
public enum AuditDelivery
{
    /// <summary>The operating system has it: it survives the end of the process, however that comes, and not a loss of power within the last 200 ms. The default.</summary>
    Guaranteed,

    /// <summary>The disk has it: it survives a loss of power.</summary>
    Strict,

    /// <summary>At once. What cannot be recorded is counted, and the journal says how much that is.</summary>
    BestEffort,
}
