using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.Signatures;

/// <summary>What a signature is made over or checked against: a request that came, one that goes out, or an answer.</summary>
internal interface ISignedMessage
{
    /// <summary>The method; <see langword="null"/> of an answer.</summary>
    string? Method { get; }

    /// <summary><c>http</c> or <c>https</c>, as the signer sees it; <see langword="null"/> of an answer.</summary>
    string? Scheme { get; }

    /// <summary>Host and port as in <c>Host</c> or <c>:authority</c>; <see langword="null"/> of an answer.</summary>
    string? Authority { get; }

    /// <summary>The path as it is on the wire, percent-encoded; <see langword="null"/> of an answer.</summary>
    string? Path { get; }

    /// <summary>The query as it is on the wire, with its question mark; empty if there is none. <see langword="null"/> of an answer.</summary>
    string? Query { get; }

    /// <summary>The status of an answer; <see langword="null"/> of a request.</summary>
    int? Status { get; }

    /// <summary>The lines of a field; empty if it is not there.</summary>
    StringValues Field(string name);
}
