using System.Buffers;

namespace GatewayKit.Pipeline;

/// <summary>The names of limits, which clients read: printable ASCII (RFC 9651 §3.3.3).</summary>
internal static class LimitNames
{
    public const int MaxLength = 64;

    private static readonly char[] Printable = [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(static c => (char)c)];
    private static readonly SearchValues<char> Any = SearchValues.Create(Printable);
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Printable.Except("\"\\")]);

    public static bool Is(string? name) => name is { Length: > 0 and <= MaxLength } && !name.AsSpan().ContainsAnyExcept(Any);

    /// <summary>Whether the name cannot stand between quotes as it is.</summary>
    public static bool NeedsEscape(string name) => name.AsSpan().ContainsAnyExcept(Plain);
}
