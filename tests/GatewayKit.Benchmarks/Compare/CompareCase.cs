namespace GatewayKit.Benchmarks.Compare;

/// <summary>One kind of request, and what a right answer to it is.</summary>
/// <param name="Name">Its name on the command line and in the output.</param>
/// <param name="Summary">What it is, in a few words.</param>
/// <param name="Path">The path to ask for.</param>
/// <param name="Answer">The body of the right answer.</param>
internal sealed record CompareCase(string Name, string Summary, string Path, string Answer)
{
    private const string Small = "hello";

    /// <summary>Extra lines of the request's head.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Bytes to post; 0 makes it a GET.</summary>
    public int PostBytes { get; init; }

    /// <summary>Whether each request has a query of its own, as no two requests of real clients need be alike.</summary>
    public bool Varies { get; init; }

    /// <summary>Whether the answer has twenty headers of its own.</summary>
    public bool AnswersWithHeaders { get; init; }

    /// <summary>A header that must be there for the request to be accepted.</summary>
    public string? RequiredHeader { get; init; }

    public static IReadOnlyList<CompareCase> All { get; } =
    [
        new("small", "GET, 5-byte answer", "/small", Small),
        new("varied", "GET, another query each time", "/small", Small) { Varies = true },
        new("large", "GET, 64 KiB answer", "/large", new string('x', 65_536)),
        new("post", "POST of 1 KiB, 5-byte answer", "/post", Small) { PostBytes = 1_024 },
        new("headers", "GET with 20 more headers each way", "/headers", Small)
        {
            Headers = [.. Enumerable.Range(0, 20).Select(static number => KeyValuePair.Create($"X-Request-{number:D2}", "0123456789abcdef"))],
            AnswersWithHeaders = true,
        },
        new("features", "GET with key check, rate limit per key, access record", "/features/small", Small)
        {
            Headers = [new("X-Api-Key", "key-0042-0123456789abcdef")],
            RequiredHeader = "X-Api-Key",
        },
    ];
}
