using System.Collections.Frozen;
using GatewayKit.Forwarding;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Which fields of a request a copy has.</summary>
internal sealed class MirrorFields(MirrorPolicy policy)
{
    /// <summary>The field by which a destination knows a copy.</summary>
    public const string Mark = "X-Mirrored";

    // Of one exchange, or told anew for the copy. An answer that the gateway would have to wait for with the body is nothing a copy wants.
    private static readonly FrozenSet<string> OfTheExchange = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Host", "Connection", "Content-Length", "Expect", "TE", "Transfer-Encoding", "Upgrade", "Keep-Alive", "Trailer", "Max-Forwards", "X-GW-Attempt", "grpc-timeout", Mark);

    // Whoever reads them may act for the caller.
    private static readonly FrozenSet<string> Credentials = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Cookie", "Proxy-Authorization", "Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-ARR-ClientCert", "X-SSL-Client-Cert", "SSL-Client-Cert", "X-Forwarded-Client-Cert",
        "X-Forwarded-Access-Token", "Signature", "Signature-Input", "X-Auth-Token", "X-CSRF-Token", "X-XSRF-Token", "X-Amz-Security-Token");

    private readonly FrozenSet<string> _removed = policy.RemoveHeaders.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a field that goes to the request's own destination goes along.</summary>
    /// <param name="name">The field.</param>
    /// <param name="credential">The field of a credential that the gateway has written.</param>
    public bool Passes(string name, string? credential = null) =>
        !OfTheExchange.Contains(name)
        && (policy.KeepCredentials || (!Credentials.Contains(name) && !name.Equals(credential, StringComparison.OrdinalIgnoreCase) && FieldKinds.OfRequest(name) is not FieldKind.Credential))
        && !_removed.Contains(name);

    /// <summary>Whether a field that a client sent goes along: nothing that only the gateway may say.</summary>
    public bool PassesFromClient(string name) =>
        name.Length > 0 && name[0] is not ':' && FieldKinds.OfRequest(name) is not (FieldKind.Owned or FieldKind.HopByHop) && !FieldKinds.IsFolded(name) && Passes(name);
}
