namespace GatewayKit.Clusters;

/// <summary>The <c>Host</c> that destinations see (RFC 9110 §7.2).</summary>
public enum HostHeader
{
    /// <summary>The destination's own.</summary>
    Destination,

    /// <summary>The one the client asked for.</summary>
    Original,
}
