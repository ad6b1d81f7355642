using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>Finds requests that go in a circle: in <c>Via</c>, which the gateway writes, and in <c>CDN-Loop</c>, which no network removes (RFC 8586).</summary>
internal sealed class LoopGuard(string pseudonym)
{
    // More than this many times through the same gateway is a circle (RFC 9110 §7.6.3).
    private const int MaxPasses = 8;

    /// <summary>Whether an entry <c>1.1 name</c> is there too often.</summary>
    public bool IsCircle(StringValues via) => Count(via, static entry => entry[(entry.IndexOf(' ') + 1)..].TrimStart(), ' ') > MaxPasses;

    /// <summary>Whether an entry <c>name; parameters</c> is there too often.</summary>
    public bool IsCdnCircle(StringValues cdnLoop) => Count(cdnLoop, static entry => entry, ';') > MaxPasses;

    private int Count(StringValues values, Func<ReadOnlySpan<char>, ReadOnlySpan<char>> nameOf, char end)
    {
        var passes = 0;
        foreach (var line in values)
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                var name = nameOf(line.AsSpan()[range].Trim());
                name = name.IndexOf(end) is var length and >= 0 ? name[..length].TrimEnd() : name;
                passes += name.Equals(pseudonym, StringComparison.OrdinalIgnoreCase) ? 1 : 0;
            }
        }

        return passes;
    }
}
