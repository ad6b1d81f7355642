namespace GatewayKit.Benchmarks.Compare;

/// <summary>What one target did in one round of one case.</summary>
internal sealed record Measurement(
    string Case,
    string Target,
    int Round,
    double CpuMicrosecondsPerRequest,
    double RequestsPerSecond,
    double P50Milliseconds,
    double P99Milliseconds,
    double? AllocatedBytesPerRequest,
    long ResidentBytes,
    string? Failure);
