namespace GatewayKit.Auditing;

/// <summary>Which requests of a host the journal has.</summary>
public enum AuditScope
{
    /// <summary>
    /// All of them: those at endpoints without an <see cref="AuditPolicy"/> too, as far as they can be recorded; if not, they are served and counted. The default.
    /// </summary>
    Host,

    /// <summary>Those at endpoints with an <see cref="AuditPolicy"/>, those that match no endpoint, and those that the server itself refuses.</summary>
    Gateway,
}
