namespace GatewayKit.Clusters;

/// <summary>What the bytes above 0x7F of header values mean (RFC 9110 §5.5).</summary>
public enum HeaderEncoding
{
    /// <summary>UTF-8, as the server reads by itself. Other bytes are answered 400 by the server.</summary>
    Utf8,

    /// <summary>One character each. Every byte passes; everything in the host that reads such values sees ISO 8859-1.</summary>
    Latin1,
}
