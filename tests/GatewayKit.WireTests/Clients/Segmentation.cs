namespace GatewayKit.WireTests.Clients;

/// <summary>One way to cut the same bytes into TCP segments.</summary>
/// <param name="Name">How it cuts.</param>
/// <param name="Cuts">Where a new piece begins: ascending, above 0 and below the length.</param>
internal sealed record Segmentation(string Name, IReadOnlyList<int> Cuts)
{
    /// <summary>How many ways at least. RFC 9112 says nothing about segments, so no answer may depend on them.</summary>
    public const int Least = 40;

    // A cut costs a wait for the server: of a long message the ends are cut, where the borders are.
    private const int MostCuts = 192;

    private static readonly int[] Sizes = [2, 3, 4, 5, 7, 8, 13, 16, 32, 64, 100, 512, 1_460, 4_096];

    /// <summary>The pieces, in order.</summary>
    public IEnumerable<string> Split(string bytes)
    {
        var start = 0;
        foreach (var cut in Cuts)
        {
            yield return bytes[start..cut];
            start = cut;
        }

        yield return bytes[start..];
    }

    public override string ToString() => $"{Name} [{string.Join(',', Cuts.Count > 24 ? Cuts.Take(24) : Cuts)}{(Cuts.Count > 24 ? ",…" : null)}]";

    /// <summary>At least <see cref="Least"/> different ways to cut these bytes; the same ones in every run.</summary>
    public static IReadOnlyList<Segmentation> Of(string bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, 8);
        var all = new List<Segmentation>();
        var known = new HashSet<string>();

        void Add(string name, IEnumerable<int> cuts)
        {
            var sorted = cuts.Where(cut => cut > 0 && cut < bytes.Length).Distinct().Order().ToArray();
            if (sorted.Length > MostCuts)
            {
                sorted = [.. sorted[..(MostCuts / 2)], .. sorted[^(MostCuts / 2)..]];
            }

            if (known.Add(string.Join(',', sorted)))
            {
                all.Add(new(name, sorted));
            }
        }

        Add("whole", []);
        Add("each byte", Enumerable.Range(1, bytes.Length - 1));
        foreach (var (name, cuts) in Borders(bytes))
        {
            Add(name, cuts);
        }

        foreach (var size in Sizes)
        {
            Add($"every {size}", Enumerable.Range(1, (bytes.Length - 1) / size).Select(i => i * size));
        }

        foreach (var cut in SingleCuts(bytes))
        {
            Add("once", [cut]);
        }

        var random = new Random(Seed(bytes));
        for (var i = 0; i < 8 || all.Count < Least; i++)
        {
            var share = random.NextDouble() * Math.Min(1, 48d / bytes.Length);
            Add("at random", Enumerable.Range(1, bytes.Length - 1).Where(_ => random.NextDouble() < share));
        }

        return all;
    }

    // Where parsers change state.
    private static IEnumerable<(string Name, IEnumerable<int> Cuts)> Borders(string bytes)
    {
        IEnumerable<int> Where(Func<int, bool> isBorder) => Enumerable.Range(1, bytes.Length - 1).Where(isBorder);
        yield return ("between CR and LF", Where(i => bytes[i - 1] is '\r'));
        yield return ("before each CR", Where(i => bytes[i] is '\r'));
        yield return ("after each line", Where(i => bytes[i - 1] is '\n'));
        yield return ("around each line end", Where(i => bytes[i - 1] is '\r' or '\n' || bytes[i] is '\r'));
        yield return ("after each colon", Where(i => bytes[i - 1] is ':'));
        yield return ("before each colon", Where(i => bytes[i] is ':'));
        yield return ("around each space", Where(i => bytes[i - 1] is ' ' || bytes[i] is ' '));
        yield return ("inside each number", Where(i => char.IsAsciiHexDigit(bytes[i - 1]) && char.IsAsciiHexDigit(bytes[i])));
        yield return ("around each number", Where(i => char.IsAsciiHexDigit(bytes[i - 1]) != char.IsAsciiHexDigit(bytes[i])));
        yield return ("around marks", Where(i => bytes[i - 1] is ';' or ',' or '=' or '%' or '/' or '?'));
        yield return ("inside escapes", Where(i => bytes[i - 1] is '%' || (i > 1 && bytes[i - 2] is '%')));
        yield return ("before what is no printable character", Where(i => bytes[i] is < ' ' or > '~'));
        yield return ("after the head", After("\r\n\r\n"));
        yield return ("inside the empty line", After("\r\n\r\n").SelectMany(static i => (int[])[i - 3, i - 2, i - 1]));
        yield return ("before each request line", After(" HTTP/1.1").SelectMany(i => (int[])[i, bytes.LastIndexOf('\n', i - 1) + 1]));

        IEnumerable<int> After(string text)
        {
            for (var at = bytes.IndexOf(text, StringComparison.Ordinal); at >= 0; at = bytes.IndexOf(text, at + 1, StringComparison.Ordinal))
            {
                yield return at + text.Length;
            }
        }
    }

    // One cut, at the first bytes, at the last ones and at borders between.
    private static int[] SingleCuts(string bytes)
    {
        var head = bytes.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return
        [
            1, 2, bytes.IndexOf(' ', StringComparison.Ordinal), bytes.IndexOf('\r', StringComparison.Ordinal) + 1, head + 1, head + 2, head + 3, head + 4,
            bytes.Length / 2, bytes.Length - 3, bytes.Length - 2, bytes.Length - 1,
        ];
    }

    // Not string.GetHashCode, which differs from run to run.
    private static int Seed(string bytes) => bytes.Aggregate(17, static (hash, c) => unchecked((hash * 31) + c));
}
