using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>The fields that <c>Connection</c> names: they concern this connection only (RFC 9110 §7.6.1). Nothing else removes them (E16).</summary>
internal readonly struct ConnectionOptions
{
    private readonly List<string>? _nominated;

    private ConnectionOptions(List<string> nominated, bool hasUpgrade) => (_nominated, HasUpgrade) = (nominated, hasUpgrade);

    /// <summary>Whether an upgrade is among the options.</summary>
    public bool HasUpgrade { get; }

    /// <summary>The names, without the options that are no fields, and without <c>TE</c>.</summary>
    public IReadOnlyList<string> Nominated => _nominated ?? [];

    public static ConnectionOptions Parse(StringValues lines)
    {
        if (lines.Count == 0 || (lines.Count == 1 && IsNoNomination(lines[0])))
        {
            return default;
        }

        var nominated = new List<string>();
        var hasUpgrade = false;
        foreach (var line in lines)
        {
            var text = line.AsSpan();
            foreach (var range in text.Split(','))
            {
                var option = text[range].Trim(" \t");
                if (option.Equals("upgrade", StringComparison.OrdinalIgnoreCase))
                {
                    hasUpgrade = true;
                }
                else if (!option.IsEmpty && !IsNoNomination(option))
                {
                    nominated.Add(option.ToString());
                }
            }
        }

        return new(nominated, hasUpgrade);
    }

    public bool Nominates(string name)
    {
        if (_nominated is null)
        {
            return false;
        }

        foreach (var nominated in _nominated)
        {
            if (string.Equals(nominated, name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    // Every client that sends TE must name it here (RFC 9110 §10.1.4). What passes of it has a rule of its own.
    private static bool IsNoNomination(ReadOnlySpan<char> option) =>
        option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || option.Equals("close", StringComparison.OrdinalIgnoreCase)
        || option.Equals("TE", StringComparison.OrdinalIgnoreCase);
}
