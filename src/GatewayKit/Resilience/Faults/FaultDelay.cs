using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Resilience.Faults;

/// <summary>Requests that wait before they go on.</summary>
public sealed record FaultDelay
{
    internal static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Which part of the requests, 0 to 100, as finely as a double can say. Default 100.</summary>
    [Range(0.0, 100.0)]
    public double Percent { get; init; } = 100;

    /// <summary>For how long, up to 5 minutes.</summary>
    public required TimeSpan Time { get; init; }
}
