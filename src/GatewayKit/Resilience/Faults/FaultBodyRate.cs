using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Resilience.Faults;

/// <summary>Answers whose body is slow. What controllers and handlers write by themselves, without a result, keeps its pace.</summary>
public sealed record FaultBodyRate
{
    /// <summary>Which part of the requests, 0 to 100, as finely as a double can say. Default 100.</summary>
    [Range(0.0, 100.0)]
    public double Percent { get; init; } = 100;

    /// <summary>How much of it passes in a second, 1 to 1,000,000,000 bytes.</summary>
    [Range(1, 1_000_000_000)]
    public required long BytesPerSecond { get; init; }
}
