using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>What a journal is made of besides its settings.</summary>
/// <param name="Files">The files.</param>
/// <param name="Time">The clock.</param>
/// <param name="Metrics">What measures it.</param>
/// <param name="Logger">The log.</param>
internal sealed record JournalParts(IJournalFiles Files, TimeProvider Time, JournalMetrics Metrics, ILogger Logger)
{
    /// <summary>The log, which cannot make the journal fail.</summary>
    public ILogger Logger { get; } = new QuietLogger(Logger);

    /// <summary>The host's key; <see langword="null"/> for the one in a file.</summary>
    public IAuditSigner? Signer { get; init; }

    /// <summary>The second places.</summary>
    public IReadOnlyList<IAuditAnchor> Anchors { get; init; } = [];
}
