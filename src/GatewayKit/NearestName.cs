namespace GatewayKit;

/// <summary>Finds the name that somebody who mistyped another probably meant.</summary>
internal static class NearestName
{
    /// <summary>The closest of the names, if it is close enough to be meant.</summary>
    public static string? Of(string typed, IEnumerable<string> known)
    {
        var (best, distance) = (default(string), Math.Max(1, typed.Length / 3) + 1);
        foreach (var name in known)
        {
            var candidate = Distance(typed, name);
            // A name of which nothing is left is another name.
            if (candidate < distance && candidate < typed.Length)
            {
                (best, distance) = (name, candidate);
            }
        }

        return best;
    }

    // Optimal string alignment (Damerau 1964): insertions, deletions, substitutions and swapped neighbours count one each; case counts nothing.
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = Same(left[i - 1], right[j - 1]) ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]))
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[left.Length, right.Length];
    }

    private static bool Same(char left, char right) => char.ToUpperInvariant(left) == char.ToUpperInvariant(right);
}
