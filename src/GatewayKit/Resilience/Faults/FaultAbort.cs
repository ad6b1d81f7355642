using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Resilience.Faults;

/// <summary>Requests that fail instead of being served.</summary>
public sealed record FaultAbort
{
    /// <summary>Which part of the requests, 0 to 100, as finely as a double can say. Default 100.</summary>
    [Range(0.0, 100.0)]
    public double Percent { get; init; } = 100;

    /// <summary>The status of the answer, 400 to 599. Default 503.</summary>
    [Range(400, 599)]
    public int Status { get; init; } = 503;

    /// <summary>The status that a gRPC call is answered with, 1 to 16. Default: what <see cref="Status"/> is in gRPC.</summary>
    [Range(1, 16)]
    public int? GrpcStatus { get; init; }

    /// <summary>Whether the connection or stream is cut off instead of an answer. Default no.</summary>
    public bool Reset { get; init; }
}
