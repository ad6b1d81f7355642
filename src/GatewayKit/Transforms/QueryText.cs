namespace GatewayKit.Transforms;

/// <summary>
/// Edits one parameter of a query and leaves every other byte as it came: order, duplicates, <c>?a</c> against <c>?a=</c>, encoding
/// (RFC 3986 §3.4). Names are compared decoded, and without regard to case as everywhere in ASP.NET Core.
/// </summary>
internal static class QueryText
{
    /// <summary>Puts the parameter in place of the first of its name and removes the others; without one, appends it.</summary>
    public static string Set(string query, string name, string value)
    {
        var pieces = Split(query);
        var first = pieces.FindIndex(piece => IsNamed(piece, name));
        if (first < 0)
        {
            return Append(query, name, value);
        }

        pieces[first] = Pair(name, value);
        return Join(pieces.Where((piece, index) => index <= first || !IsNamed(piece, name)));
    }

    public static string Append(string query, string name, string value) =>
        query.Length > 1 ? $"{query}&{Pair(name, value)}" : "?" + Pair(name, value);

    public static string Remove(string query, string name)
    {
        var pieces = Split(query);
        return pieces.RemoveAll(piece => IsNamed(piece, name)) == 0 ? query : Join(pieces);
    }

    private static List<string> Split(string query) => query.Length > 1 ? [.. query[1..].Split('&')] : [];

    private static string Join(IEnumerable<string> pieces)
    {
        var text = string.Join('&', pieces);
        return text.Length == 0 ? string.Empty : "?" + text;
    }

    private static string Pair(string name, string value) => $"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}";

    private static bool IsNamed(string piece, string name)
    {
        var encoded = piece.IndexOf('=', StringComparison.Ordinal) is var end and >= 0 ? piece.AsSpan(0, end) : piece;
        if (!encoded.ContainsAny('%', '+'))
        {
            return encoded.Equals(name, StringComparison.OrdinalIgnoreCase);
        }

        return string.Equals(Uri.UnescapeDataString(encoded.ToString().Replace('+', ' ')), name, StringComparison.OrdinalIgnoreCase);
    }
}
