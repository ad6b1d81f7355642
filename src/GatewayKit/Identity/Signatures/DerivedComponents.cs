using System.Collections.Frozen;
using System.Globalization;

namespace GatewayKit.Identity.Signatures;

/// <summary>What is covered of a message that no field says (RFC 9421 §2.2).</summary>
internal static class DerivedComponents
{
    public static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal, "@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query", "@query-param", "@status");

    /// <param name="component">What is covered.</param>
    /// <param name="message">The message.</param>
    /// <param name="parameters">The parameters of its query, once one of them was asked for: each time anew they would cost a stranger nothing and the host a lot.</param>
    /// <returns><see langword="null"/> if the message has no such thing, or several.</returns>
    public static string? ValueOf(SignatureComponent component, ISignedMessage message, ref QueryParameters? parameters) => component.Name switch
    {
        "@status" => message.Status?.ToString(CultureInfo.InvariantCulture),
        _ when message.Method is null => null,
        "@method" => message.Method,
        "@scheme" => message.Scheme?.ToLowerInvariant(),
        "@authority" => AuthorityOf(message),
        "@path" => PathOf(message),
        "@query" => message.Query is { Length: > 0 } query ? query : "?",
        "@request-target" => PathOf(message) + message.Query,
        "@target-uri" => $"{message.Scheme?.ToLowerInvariant()}://{AuthorityOf(message)}{PathOf(message)}{message.Query}",
        "@query-param" => component.ParameterName is { } name ? (parameters ??= new(message.Query)).Find(name) : null,
        _ => null,
    };

    private static string PathOf(ISignedMessage message) => message.Path is { Length: > 0 } path ? path : "/";

    // In lower case, without the port that goes without saying (RFC 9421 §2.2.3).
    private static string? AuthorityOf(ISignedMessage message)
    {
        var authority = message.Authority?.ToLowerInvariant();
        var port = string.Equals(message.Scheme, "https", StringComparison.OrdinalIgnoreCase) ? ":443" : ":80";
        return authority is not null && authority.EndsWith(port, StringComparison.Ordinal) ? authority[..^port.Length] : authority;
    }
}
