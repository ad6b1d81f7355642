namespace GatewayKit.Transforms;

/// <summary>How one end of a connection is named in <c>Forwarded</c> (RFC 7239 §6).</summary>
public enum NodeFormat
{
    /// <summary>A random name, another one for each request.</summary>
    Random,

    /// <summary>A random name and the port.</summary>
    RandomAndPort,

    /// <summary>A random name and a random port.</summary>
    RandomAndRandomPort,

    /// <summary><c>unknown</c>.</summary>
    Unknown,

    /// <summary><c>unknown</c> and the port.</summary>
    UnknownAndPort,

    /// <summary><c>unknown</c> and a random port.</summary>
    UnknownAndRandomPort,

    /// <summary>The address.</summary>
    Ip,

    /// <summary>The address and the port.</summary>
    IpAndPort,

    /// <summary>The address and a random port.</summary>
    IpAndRandomPort,
}
