using System.Buffers;
using System.Collections.Frozen;

namespace GatewayKit.Auditing.Records;

/// <summary>Names of fields, query keys and cookies whose values are never recorded, whatever a list says.</summary>
internal static class SecretNames
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "Signature", "Client-Cert", "Client-Cert-Chain", "X-Forwarded-Client-Cert");

    private static readonly SearchValues<string> Words =
        SearchValues.Create(["authorization", "token", "secret", "password", "passwd", "api-key", "apikey", "api_key", "credential", "session"], StringComparison.OrdinalIgnoreCase);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> KnownNames = Known.GetAlternateLookup<ReadOnlySpan<char>>();

    // Too common in bodies and fields to be secrets there.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> KnownKeys =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "code", "sig", "jwt", "pwd", "pass", "otp", "pin").GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether a value of a query holds or may hold a secret, such as the code of an authorization (RFC 6749 §4.1.2) or a signature.</summary>
    public static bool IncludeKey(ReadOnlySpan<char> key) => KnownKeys.Contains(key) || Include(key);

    public static bool Include(ReadOnlySpan<char> name) => KnownNames.Contains(name) || name.ContainsAny(Words);
}
