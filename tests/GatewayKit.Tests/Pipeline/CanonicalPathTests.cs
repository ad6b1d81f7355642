using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Pipeline;

public sealed class CanonicalPathTests
{
    [Theory]
    [InlineData("/a%2fb", "/a%2Fb")]
    [InlineData("/a/%2F/../b", "/a/b")]
    public void Encoded_slash_is_opaque_where_it_is_allowed(string path, string expected)
    {
        Assert.True(CanonicalPath.TryCreate(path, allowEncodedSlash: true, out var canonical));
        Assert.Equal(expected, canonical);
    }

    [Theory]
    [InlineData("/a%2F..%2Fb")]
    [InlineData("/a/.%2Fb")]
    [InlineData("/a%2F..;x")]
    [InlineData("/a/..%3Bx")]
    public void Dots_that_only_some_readers_see_are_refused(string path) => Assert.False(CanonicalPath.TryCreate(path, allowEncodedSlash: true, out _));

    [Theory]
    [InlineData("a")]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("/a b")]
    [InlineData("/\u00fc")]
    [InlineData("/a?b")]
    public void What_is_no_path_is_refused(string path) => Assert.False(CanonicalPath.TryCreate(path, allowEncodedSlash: false, out _));

    [Theory]
    [InlineData("/a%b", "/a%25b")]
    [InlineData("/a \u00fc/\u20ac", "/a%20%C3%BC/%E2%82%AC")]
    [InlineData("/a?b#c", "/a%3Fb%23c")]
    public void Decoded_path_is_encoded_once(string decoded, string expected) => Assert.Equal(expected, CanonicalPath.Encode(decoded));

    /// <summary>Random paths from the characters that matter: canonical form is a fixed point without anything a reader could resolve.</summary>
    [Theory]
    [InlineData("/a%2Fb", "/a%2Fb", true)]
    [InlineData("/a%2Fb", "/a%2fb", true)]
    [InlineData("/%C3%BC%2F%20", "/ü%2F ", true)]
    [InlineData("/a%2Fb%2Fc", "/a%2Fb%2fc", true)]
    [InlineData("/a%2Fb", "/a/b", false)]
    [InlineData("/a%2Fb", "/a", false)]
    [InlineData("/a%2Fb", "/a%2Fc", false)]
    [InlineData("/a%2Fb", "/a%2Fbc", false)]
    [InlineData("/a%25", "/a%", true)]
    public void Decoded_path_is_that_of_the_server(string canonical, string decoded, bool same) => Assert.Equal(same, CanonicalPath.Decodes(canonical, decoded));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Canonical_form_is_stable_and_harmless(bool allowEncodedSlash)
    {
        string[] parts = ["%32", "%46", "%35", "%2E", "/", ".", "..", "%2e", "%2E%2e", "a", "%41", "%2f", "%5c", "%25", "2f", "%C3%BC", "%C0", "%AF", ";", "\\", "%00", "//", "%", "~", "%7E", "%3b"];
        var random = new Random(20_261_124);
        var accepted = 0;
        for (var i = 0; i < 200_000; i++)
        {
            var path = "/" + string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => parts[random.Next(parts.Length)]));
            if (!CanonicalPath.TryCreate(path, allowEncodedSlash, out var canonical))
            {
                continue;
            }

            accepted++;
            Assert.True(CanonicalPath.TryCreate(canonical, allowEncodedSlash, out var again), $"{path} → {canonical}");
            Assert.Equal(canonical, again);
            Assert.StartsWith("/", canonical);
            var segments = canonical.Split('/');
            Assert.DoesNotContain(".", segments);
            Assert.DoesNotContain("..", segments);
            Assert.DoesNotContain(canonical, static c => c is <= ' ' or '\\' or '#' or '?' or >= '\x7F');
            Assert.False((!allowEncodedSlash && canonical.Contains("%2F", StringComparison.OrdinalIgnoreCase)) || canonical.Contains("%5C", StringComparison.OrdinalIgnoreCase), canonical);

            // Whoever decodes twice or more finds nothing that decoding once did not show.
            var once = string.Join('\n', canonical.Split("%2F").Select(Uri.UnescapeDataString));
            Assert.DoesNotContain(Uri.UnescapeDataString(Uri.UnescapeDataString(once)).Split('/', '\n').Select(static segment => segment.Split(';')[0]), static segment => segment is "." or ".." || segment.Contains('\\') || segment.Contains('\0'));
            Assert.Equal(once.Count(static c => c is '/'), Uri.UnescapeDataString(once).Count(static c => c is '/'));
            Assert.Equal(!CanonicalPath.IsCanonical(path), path != canonical || canonical.Contains('%') || canonical.Contains("/.", StringComparison.Ordinal));
        }

        Assert.True(accepted > 10_000, $"Only {accepted} paths were accepted.");
    }
}
