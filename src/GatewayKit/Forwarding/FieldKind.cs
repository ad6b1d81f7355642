namespace GatewayKit.Forwarding;

/// <summary>What the forwarder does with a header field.</summary>
internal enum FieldKind
{
    /// <summary>Copied as it came.</summary>
    EndToEnd,

    /// <summary>Concerns one connection only (RFC 9110 §7.6.1): dropped both ways.</summary>
    HopByHop,

    /// <summary>Written by the gateway: a client's value is dropped.</summary>
    Owned,

    /// <summary>Describes the content: rides on it (E12).</summary>
    Content,

    /// <summary>The length of the content: the copy states it.</summary>
    ContentLength,

    /// <summary>How the content of an answer is framed: dropped, after a look at it.</summary>
    TransferCoding,

    /// <summary>Copied, and may not be removed by being named in <c>Connection</c>.</summary>
    Protected,

    /// <summary>Copied if it is there once, and may not be removed by being named in <c>Connection</c>.</summary>
    Credential,

    /// <summary>Tells of limits: copied unless the gateway tells of its own.</summary>
    Limit,

    Host,
    Connection,
    Te,
    Via,
    CdnLoop,
    MaxForwards,
    Expect,
    Cookie,

    /// <summary>The trace context, which is written for each hop.</summary>
    Trace,

    /// <summary>Travels with a trace: written from the span if there is one, copied otherwise.</summary>
    Baggage,
}
