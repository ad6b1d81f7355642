using System.Buffers;
using System.Collections.Frozen;
using GatewayKit.Pipeline;

namespace GatewayKit.Transforms;

/// <summary>Which header fields a transform may name, and what it may write into them.</summary>
internal static class HeaderRules
{
    private static readonly SearchValues<char> ValueCharacters = SearchValues.Create(['\t', .. Enumerable.Range(0x20, 0x5F).Select(static c => (char)c)]);

    private static readonly FrozenSet<string> ForwardedFields = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix");

    public static bool IsValue(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(ValueCharacters);

    /// <summary>What is wrong with changing a header of the request.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="before">The steps that run earlier.</param>
    public static IEnumerable<string> RequestErrors(string? name, IReadOnlyList<Transform> before)
    {
        if (string.Equals(name, "Host", StringComparison.OrdinalIgnoreCase))
        {
            return ["Host is not set as a header. Use RequestHost, or RequestHeaderOriginalHost for the client's."];
        }

        if (name is not null && ForwardedFields.Contains(name) && !before.Any(static step => step is XForwardedTransform or ForwardedTransform))
        {
            return [$"{name} is written by the gateway after all steps. Use X-Forwarded or Forwarded, or put this step after one of them."];
        }

        return Errors(name, MessageFields.WhyFixedInRequest);
    }

    /// <summary>What is wrong with changing a header or trailer of the response.</summary>
    public static IEnumerable<string> Errors(string? name) => Errors(name, MessageFields.WhyFixed);

    public static IEnumerable<string> ListErrors(IReadOnlyList<string> names) =>
        names.Where(static name => !HttpToken.Is(name)).Select(static name => $"'{name}' is not a header name (RFC 9110 §5.1).");

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

    private static IEnumerable<string> Errors(string? name, Func<string, string?> whyFixed)
    {
        if (!HttpToken.Is(name))
        {
            yield return $"'{name}' is not a header name (RFC 9110 §5.1).";
        }
        else if (whyFixed(name!) is { } reason)
        {
            yield return $"{name} cannot be changed: {reason}.";
        }
    }
}
