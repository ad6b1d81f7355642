namespace GatewayKit.Hosting;

/// <summary>What a finding does to the start.</summary>
internal enum StartSeverity
{
    /// <summary>It is logged.</summary>
    Warning,

    /// <summary>The host does not start.</summary>
    Error,
}

/// <summary>One thing about the host that makes a gateway unsafe.</summary>
/// <param name="Id">What <see cref="GatewayOptions.AcknowledgedRisks"/> calls it.</param>
/// <param name="Severity">What finding it does.</param>
/// <param name="Find">Says what was found and what to do, one text each; nothing if all is well.</param>
internal sealed record StartCheck(string Id, StartSeverity Severity, Func<StartFacts, IEnumerable<string>> Find);

/// <summary>What a check found.</summary>
internal sealed record StartFinding(StartCheck Check, string Message);
