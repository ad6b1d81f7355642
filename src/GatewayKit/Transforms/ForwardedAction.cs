namespace GatewayKit.Transforms;

/// <summary>What happens to one forwarding field. Values that a client sent never pass unless the connection comes from a trusted network.</summary>
public enum ForwardedAction
{
    /// <summary>The gateway's own value alone.</summary>
    Set,

    /// <summary>The gateway's own value behind what a trusted peer sent; alone if the peer is not trusted or what it sent is not well-formed.</summary>
    Append,

    /// <summary>The field is not sent.</summary>
    Remove,

    /// <summary>The gateway does not write the field. What the client sent is gone all the same, so it is not sent.</summary>
    Off,
}
