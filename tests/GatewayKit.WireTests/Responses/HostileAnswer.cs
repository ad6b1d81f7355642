namespace GatewayKit.WireTests.Responses;

/// <summary>What a destination does after the last byte of a hostile answer.</summary>
internal enum Then
{
    /// <summary>It keeps the connection and answers the next request on it.</summary>
    StaysOpen,

    Closes,

    Resets,
}

/// <summary>An answer that a destination should not give, and what a client must see of it.</summary>
internal sealed record HostileAnswer(string Name, string Bytes, Then Then)
{
    /// <summary>The method of the request. Default GET.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>The reason codes of a 502 that may come instead of the answer; none if the answer must come.</summary>
    public string[] Codes { get; init; } = [];

    /// <summary>Whether the answer may begin and then break off visibly: which of the two is a matter of when the fault is seen.</summary>
    public bool MayBeCut { get; init; }

    /// <summary>The status of the answer that must come whole; 0 if none may.</summary>
    public int Status { get; init; }

    /// <summary>Its body.</summary>
    public string Body { get; init; } = string.Empty;

    /// <summary>Fields that must not be there.</summary>
    public string[] Absent { get; init; } = [];

    /// <summary>Fields that must be there, as <c>Name: value</c>.</summary>
    public string[] Present { get; init; } = [];

    /// <summary>Whether another request may come over the same connection.</summary>
    public bool IsReusable { get; init; }

    /// <summary>Where it is over, if something is behind it: behind the head of one without a body (RFC 9112 §6.3), or where one more begins; else 0.</summary>
    public int End => Method == "HEAD" || Bytes.StartsWith("HTTP/1.1 204", StringComparison.Ordinal) || Bytes.StartsWith("HTTP/1.1 304", StringComparison.Ordinal)
        ? Bytes.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4
        : Status == 200 ? Math.Max(0, Bytes.LastIndexOf("HTTP/1.1 200 OK", StringComparison.Ordinal)) : 0;

    public override string ToString() => Name;
}
