namespace GatewayKit.Auditing.Reading;

/// <summary>How accesses are written for other programs.</summary>
public enum AuditExportFormat
{
    /// <summary>The lines of the journal as they are, one JSON object a line: the beginning of an access, and behind it its end. What is revealed stands in <c>p</c>. The default.</summary>
    JsonLines,

    /// <summary>
    /// A table (RFC 4180), one access a row. What begins with <c>=</c>, <c>+</c>, <c>-</c>, <c>@</c>, a tab or a carriage return has <c>'</c> in front of it, so that no spreadsheet calculates it.
    /// </summary>
    Csv,

    /// <summary>One event of the class API Activity (6003) of the Open Cybersecurity Schema Framework a line.</summary>
    Ocsf,
}

/// <summary>What an export has written.</summary>
/// <param name="Entries">Accesses and events.</param>
/// <param name="Proofs">Lines that are proved; 0 without a bundle.</param>
/// <param name="Unproved">Lines that no checkpoint covers yet.</param>
public sealed record AuditExport(long Entries, long Proofs, long Unproved)
{
    /// <inheritdoc cref="AuditPage.HasConcealed"/>
    public bool HasConcealed { get; init; }

    /// <inheritdoc cref="AuditPage.Unread"/>
    public long Unread { get; init; }
}
