namespace GatewayKit.Pipeline;

/// <summary>Metadata by which the composer tells a gateway route from an endpoint of the host.</summary>
internal interface IGatewayRouteIdentity
{
    string RouteId { get; }

    string? ClusterId { get; }

    /// <summary>Where the route leads, in words.</summary>
    string Terminal { get; }

    /// <summary>Whether an encoded slash passes.</summary>
    bool AllowsEncodedSlash { get; }

    /// <summary>Whether the destination is asked before the body is sent.</summary>
    bool ForwardsExpectation { get; }

    /// <summary>Whether the route takes nothing but gRPC.</summary>
    bool IsForGrpc { get; }
}
