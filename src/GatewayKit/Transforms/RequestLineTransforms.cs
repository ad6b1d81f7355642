using GatewayKit.Pipeline;

namespace GatewayKit.Transforms;

/// <summary>Sends another method in place of one.</summary>
public sealed record HttpMethodChangeTransform : Transform
{
    /// <summary>The method of the client, in its exact spelling (RFC 9110 §9.1).</summary>
    public required string HttpMethodChange { get; init; }

    /// <summary>The method to send.</summary>
    public required string Set { get; init; }

    internal override string Key => nameof(HttpMethodChange);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        foreach (var method in new[] { HttpMethodChange, Set })
        {
            if (!HttpToken.Is(method))
            {
                yield return $"'{method}' is not a method (RFC 9110 §9.1).";
            }
            else if (method is "CONNECT" or "TRACE")
            {
                yield return $"{method} is not forwarded (RFC 9110 §9.3.6, §9.3.8).";
            }
            else if (method.ToUpperInvariant() is "GET" or "HEAD" or "POST" or "PUT" or "DELETE" or "PATCH" or "OPTIONS" && method.Any(char.IsAsciiLetterLower))
            {
                yield return $"methods are case-sensitive: write {method.ToUpperInvariant()}.";
            }
        }
    }

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(request =>
    {
        if (string.Equals(request.Method, HttpMethodChange, StringComparison.Ordinal))
        {
            request.Method = Set;
        }
    });
}

/// <summary>Sends the client's <c>Host</c>, or the destination's own.</summary>
public sealed record RequestHeaderOriginalHostTransform : Transform
{
    /// <summary><see langword="true"/> for the client's; <see langword="false"/> for what the destination and its cluster say.</summary>
    public required bool RequestHeaderOriginalHost { get; init; }

    internal override string Key => nameof(RequestHeaderOriginalHost);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => [];

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(RequestHeaderOriginalHost
        ? static request => request.Host = RequestHost.Of(request.HttpContext.Request)
        : static request => request.Host = null);
}

/// <summary>Sends a <c>Host</c> of its own.</summary>
public sealed record RequestHostTransform : Transform
{
    /// <summary>A host name or address, with a port if need be, such as <c>api.example.com:8443</c>.</summary>
    public required string RequestHost { get; init; }

    internal override string Key => nameof(RequestHost);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before)
    {
        if (!HostRules.IsHost(RequestHost))
        {
            yield return $"'{RequestHost}' is not a host with an optional port (RFC 9110 §7.2).";
        }
    }

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(request => request.Host = RequestHost);
}

/// <summary>
/// Tells the destination the client's certificate. It comes from the TLS connection that the server has checked, never from a header; what
/// the client sent under the name is removed.
/// </summary>
public sealed record ClientCertTransform : Transform
{
    /// <summary>The name of the header.</summary>
    public required string ClientCert { get; init; }

    /// <summary>How the certificate is written. Default <see cref="ClientCertFormat.Base64"/>.</summary>
    public ClientCertFormat Format { get; init; }

    internal override string Key => nameof(ClientCert);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => HeaderRules.RequestErrors(ClientCert, before);

    internal override void AddTo(TransformPlan plan) => plan.OnRequest(request =>
    {
        request.RemoveHeader(ClientCert);
        if (VerifiedCertificate.Of(request.HttpContext) is { } certificate)
        {
            var text = Convert.ToBase64String(certificate.RawDataMemory.Span);
            request.SetHeader(ClientCert, Format is ClientCertFormat.Rfc9440 ? $":{text}:" : text);
        }
    });
}

/// <summary>How a certificate is written into a header.</summary>
public enum ClientCertFormat
{
    /// <summary>Base64 of its DER form.</summary>
    Base64,

    /// <summary>The same between colons, a byte sequence of structured fields, as in <c>Client-Cert</c> (RFC 9440 §2.2).</summary>
    Rfc9440,
}
