namespace GatewayKit.Pipeline;

/// <summary>What went through an upgraded connection, such as a WebSocket, and how it ended.</summary>
/// <param name="BytesFromClient">Bytes that the client has sent after the upgrade.</param>
/// <param name="BytesFromDestination">Bytes that the destination has sent after the upgrade.</param>
/// <param name="Duration">The time from the upgrade to the end.</param>
/// <param name="EndedBy">Who ended it.</param>
public sealed record TunnelRecord(long BytesFromClient, long BytesFromDestination, TimeSpan Duration, TunnelSide EndedBy);

/// <summary>A side of an upgraded connection.</summary>
public enum TunnelSide
{
    /// <summary>The client: it closed or broke its connection first.</summary>
    Client,

    /// <summary>The destination: it closed or broke its connection first.</summary>
    Destination,

    /// <summary>The gateway: by a clock, a limit, or because it is shutting down.</summary>
    Gateway,
}
