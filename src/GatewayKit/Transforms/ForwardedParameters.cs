namespace GatewayKit.Transforms;

/// <summary>Parameters of <c>Forwarded</c> (RFC 7239 §5).</summary>
[Flags]
public enum ForwardedParameters
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The client.</summary>
    For = 1,

    /// <summary>The side of the connection that the client reached.</summary>
    By = 2,

    /// <summary>The host that the client asked for.</summary>
    Host = 4,

    /// <summary>The scheme that the client used.</summary>
    Proto = 8,
}
