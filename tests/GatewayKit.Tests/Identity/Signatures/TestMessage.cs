using GatewayKit.Identity.Signatures;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Identity.Signatures;

/// <summary>A message of a test. <see cref="Request"/> and <see cref="Answer"/> are those of RFC 9421 Appendix B.2.</summary>
internal sealed class TestMessage : ISignedMessage
{
    public static TestMessage Request => new()
    {
        Method = "POST",
        Scheme = "https",
        Authority = "example.com",
        Path = "/foo",
        Query = "?param=Value&Pet=dog",
        Fields = new(StringComparer.OrdinalIgnoreCase)
        {
            ["Host"] = "example.com",
            ["Date"] = "Tue, 20 Apr 2021 02:07:55 GMT",
            ["Content-Type"] = "application/json",
            ["Content-Digest"] = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
            ["Content-Length"] = "18",
        },
    };

    public static TestMessage Answer => new()
    {
        Status = 200,
        Fields = new(StringComparer.OrdinalIgnoreCase)
        {
            ["Date"] = "Tue, 20 Apr 2021 02:07:56 GMT",
            ["Content-Type"] = "application/json",
            ["Content-Digest"] = "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            ["Content-Length"] = "23",
        },
    };

    public string? Method { get; init; }

    public string? Scheme { get; init; }

    public string? Authority { get; init; }

    public string? Path { get; init; }

    public string? Query { get; init; }

    public int? Status { get; init; }

    public Dictionary<string, StringValues> Fields { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    public StringValues Field(string name) => Fields.GetValueOrDefault(name);
}
