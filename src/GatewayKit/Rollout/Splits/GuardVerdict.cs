namespace GatewayKit.Rollout.Splits;

/// <summary>What a guard thinks of a canary beside the stable cluster.</summary>
internal enum GuardVerdict
{
    /// <summary>It does as well, or too little is known.</summary>
    Fine,

    /// <summary>It fails more often.</summary>
    ErrorRate,

    /// <summary>It is slower.</summary>
    Latency,
}
