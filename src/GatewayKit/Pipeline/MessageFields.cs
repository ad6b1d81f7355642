using System.Collections.Frozen;

namespace GatewayKit.Pipeline;

/// <summary>Header fields that make the message what it is. The gateway and its transports write them, and nobody else.</summary>
internal static class MessageFields
{
    // Hop by hop or framing (RFC 9110 §7.6.1, §8.6; RFC 9112 §6): a second opinion on where a message ends is request smuggling.
    private static readonly FrozenDictionary<string, string> Reserved = new Dictionary<string, string>
    {
        ["Connection"] = "the gateway manages connections",
        ["Content-Length"] = "the gateway frames messages",
        ["Expect"] = "the gateway answers expectations itself",
        ["HTTP2-Settings"] = "the gateway manages connections",
        ["Keep-Alive"] = "the gateway manages connections",
        ["Proxy-Authenticate"] = "it ends at each hop (RFC 9110 §7.6.1)",
        ["Proxy-Authentication-Info"] = "it ends at each hop (RFC 9110 §7.6.1)",
        ["Proxy-Authorization"] = "it ends at each hop (RFC 9110 §7.6.1)",
        ["Proxy-Connection"] = "the gateway manages connections",
        ["TE"] = "the gateway negotiates trailers",
        ["Trailer"] = "the gateway announces trailers",
        ["Transfer-Encoding"] = "the gateway frames messages",
        ["Upgrade"] = "the gateway manages connections",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    // Without these the message itself breaks, or the guard against circles (RFC 9110 §7.6.3), so copying none or few of the headers does not concern them.
    private static readonly FrozenSet<string> Kept = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "CDN-Loop", "Connection", "Content-Length", "Expect", "Host", "Max-Forwards", "Sec-WebSocket-Accept", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "TE", "Transfer-Encoding", "Upgrade", "Via");

    /// <summary>Why a field cannot be changed, in a message of either direction; <see langword="null"/> if it can.</summary>
    public static string? WhyFixed(string name) => Reserved.GetValueOrDefault(name);

    /// <summary>Why a field of a request cannot be changed as a header; <see langword="null"/> if it can.</summary>
    public static string? WhyFixedInRequest(string name) => name switch
    {
        _ when name.Equals("Host", StringComparison.OrdinalIgnoreCase) => "the host has a setting of its own",
        _ when name.Equals("Via", StringComparison.OrdinalIgnoreCase) => "the gateway writes it and finds circles by it (RFC 9110 §7.6.3)",
        _ => WhyFixed(name),
    };

    /// <summary>Whether a field stays whatever is copied.</summary>
    public static bool AreKept(string name) => Kept.Contains(name);
}
