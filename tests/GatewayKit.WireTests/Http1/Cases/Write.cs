using GatewayKit.WireTests.Clients;

namespace GatewayKit.WireTests.Http1.Cases;

/// <summary>Shorthand for the bytes of requests.</summary>
internal static class Write
{
    public static RequestCase Case(string id, string bytes) => new(id, bytes);

    /// <summary>One case for each text, named after it.</summary>
    public static IEnumerable<RequestCase> Each(string id, IEnumerable<string> texts, Func<string, string> bytes, Func<RequestCase, RequestCase> expected) =>
        texts.Select(text => expected(new($"{id} {Named(text)}", bytes(text))));

    /// <summary>One case for each pair, named after what is sent.</summary>
    public static IEnumerable<RequestCase> Pairs(string id, IEnumerable<(string Sent, string Seen)> pairs, Func<string, string> bytes, Func<RequestCase, string, RequestCase> expected) =>
        pairs.Select(pair => expected(new($"{id} {Named(pair.Sent)}", bytes(pair.Sent)), pair.Seen));

    /// <summary>A GET of a target, with further header lines, each with its own line end.</summary>
    public static string Get(string target, string fields = "") => $"GET {target} HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n";

    /// <summary>A GET of <c>/</c> with header lines.</summary>
    public static string With(string fields) => Get("/", fields);

    /// <summary>A request line by hand, with a Host.</summary>
    public static string Line(string line) => $"{line}\r\nHost: a.example\r\n\r\n";

    /// <summary>A POST of <c>/</c> with header lines, and whatever follows the empty line.</summary>
    public static string Post(string fields, string rest) => $"POST / HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n{rest}";

    /// <summary>A chunked POST; <paramref name="chunks"/> is what stands on the wire.</summary>
    public static string Chunked(string chunks, string fields = "") => Post($"Transfer-Encoding: chunked\r\n{fields}", chunks);

    // What cannot be seen in a list of tests is written as C does; long texts are cut.
    private static string Named(string text)
    {
        var shown = Latin1.Show(text).Replace("\n", string.Empty, StringComparison.Ordinal);
        return $"[{(shown.Length > 80 ? $"{shown[..70]}… {text.Length}" : shown)}]";
    }
}
