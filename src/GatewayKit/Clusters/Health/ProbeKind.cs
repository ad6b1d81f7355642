namespace GatewayKit.Clusters.Health;

/// <summary>How a destination is asked whether it is well.</summary>
public enum ProbeKind
{
    /// <summary>By <c>GET</c>; at most 4 KiB of the answer are read.</summary>
    Get,

    /// <summary>By <c>HEAD</c>.</summary>
    Head,

    /// <summary>By the health protocol of gRPC, <c>grpc.health.v1.Health/Check</c>. Needs HTTP/2.</summary>
    Grpc,
}
