using System.Buffers;
using System.Collections.Frozen;

namespace GatewayKit.Transforms;

/// <summary>Which header fields a transform may name, and what it may write into them.</summary>
internal static class HeaderRules
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> ValueCharacters = SearchValues.Create(['\t', .. Enumerable.Range(0x20, 0x5F).Select(static c => (char)c)]);

    // Hop by hop or framing (RFC 9110 §7.6.1, §8.6; RFC 9112 §6): written by the gateway and its transports, by nobody else.
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

    private static readonly FrozenSet<string> ForwardedFields = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix");

    // Without these the message itself breaks, or the guard against circles (RFC 9110 §7.6.3), so copying none or few of the headers does not concern them.
    private static readonly FrozenSet<string> OfTheMessage = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection", "Content-Length", "Host", "Sec-WebSocket-Accept", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "TE", "Transfer-Encoding", "Upgrade", "Via");

    public static bool IsToken(string? text) => !string.IsNullOrEmpty(text) && !text.AsSpan().ContainsAnyExcept(TokenCharacters);

    public static bool IsValue(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(ValueCharacters);

    public static bool BelongsToTheMessage(string name) => OfTheMessage.Contains(name);

    /// <summary>What is wrong with changing a header of the request.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="before">The steps that run earlier.</param>
    public static IEnumerable<string> RequestErrors(string? name, IReadOnlyList<Transform> before)
    {
        if (string.Equals(name, "Host", StringComparison.OrdinalIgnoreCase))
        {
            return ["Host is not set as a header. Use RequestHost, or RequestHeaderOriginalHost for the client's."];
        }

        if (string.Equals(name, "Via", StringComparison.OrdinalIgnoreCase))
        {
            return ["Via cannot be changed: the gateway writes it and finds circles by it (RFC 9110 §7.6.3)."];
        }

        if (name is not null && ForwardedFields.Contains(name) && !before.Any(static step => step is XForwardedTransform or ForwardedTransform))
        {
            return [$"{name} is written by the gateway after all steps. Use X-Forwarded or Forwarded, or put this step after one of them."];
        }

        return Errors(name);
    }

    /// <summary>What is wrong with changing a header or trailer of the response.</summary>
    public static IEnumerable<string> Errors(string? name)
    {
        if (!IsToken(name))
        {
            yield return $"'{name}' is not a header name (RFC 9110 §5.1).";
        }
        else if (Reserved.TryGetValue(name!, out var reason))
        {
            yield return $"{name} cannot be changed: {reason}.";
        }
    }

    public static IEnumerable<string> ListErrors(IReadOnlyList<string> names) =>
        names.Where(static name => !IsToken(name)).Select(static name => $"'{name}' is not a header name (RFC 9110 §5.1).");

    /// <summary>What is wrong with a pair of which exactly one must be there.</summary>
    public static IEnumerable<string> SetOrAppendErrors(string? set, string? append) => (set, append) switch
    {
        (null, null) => ["needs Set or Append."],
        (not null, not null) => ["has Set and Append; only one of them is possible."],
        _ => [],
    };

    /// <summary>What is wrong with a value. A line break in it would start a header of its own (response splitting).</summary>
    public static IEnumerable<string> ValueErrors(string? value) => value is null || IsValue(value)
        ? []
        : ["the value has a line break, a control character or one outside ASCII, which cannot be sent in a header (RFC 9110 §5.5)."];
}
