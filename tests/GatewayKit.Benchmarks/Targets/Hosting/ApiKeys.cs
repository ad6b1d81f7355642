using System.Collections.Frozen;

namespace GatewayKit.Benchmarks.Targets;

/// <summary>The keys that the <c>features</c> case accepts: a thousand, in memory, looked up by value.</summary>
internal static class ApiKeys
{
    public const string Header = "X-Api-Key";

    private static readonly FrozenSet<string> Known = Enumerable.Range(0, 1_000)
        .Select(static number => $"key-{number:D4}-0123456789abcdef")
        .ToFrozenSet(StringComparer.Ordinal);

    public static bool Accept(HttpRequest request) =>
        request.Headers[Header] is [{ } key] && Known.Contains(key);
}
