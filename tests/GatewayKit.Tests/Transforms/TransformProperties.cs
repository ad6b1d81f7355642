using CsCheck;
using GatewayKit.Pipeline;
using GatewayKit.Transforms;

namespace GatewayKit.Tests.Transforms;

public sealed class TransformProperties
{
    private static readonly Gen<string> Fragments = Gen.OneOfConst(
        "..", ".", "/", "//", "\\", "%2f", "%2F", "%2e", "%2E%2E", "%252e", "%5C", "%00", "%0d%0a", "?", "#", ";", "..;", "@", ":", "evil.example",
        "\r", "\n", "\0", "ü", "漢", "😀", "\uD800", "%", "%4", "a", "b", " ", "&", "=", "+");

    private static readonly Gen<string> Hostile = Gen.OneOf(Fragments.Array[0, 6].Select(string.Concat), Gen.String[0, 12]);

    [Theory]
    [InlineData("/base/{v}")]
    [InlineData("/base/{**v}")]
    [InlineData("/base/x-{v}/tail")]
    public void Inserted_values_never_leave_the_base(string pattern) => Hostile.Sample(iter: 20_000, predicate: value =>
    {
        var exchange = new Exchange().With(("v", value));
        try
        {
            exchange.Apply(steps => steps.PathPattern(pattern));
        }
        catch (ForwardTransformException exception)
        {
            return exception.Reason == RejectionReason.AmbiguousPath;
        }

        var path = exchange.Request.Path;

        // Whoever reads it, with encoded slashes and dots decoded or not, stays below the base and finds no other authority, query or line.
        var climbs = Uri.UnescapeDataString(path).Split('/', '\\').Any(static segment => segment.Split(';')[0] is "." or "..");
        var resolved = new Uri(new Uri("http://destination/"), path);
        return (path == "/base" || path.StartsWith("/base/", StringComparison.Ordinal))
            && resolved.Host == "destination" && resolved.Query.Length == 0 && resolved.Fragment.Length == 0
            && resolved.AbsolutePath.StartsWith("/base", StringComparison.Ordinal)
            && !climbs && path.All(static c => c is > ' ' and <= '~' and not ('\\' or '?' or '#'));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rewritten_paths_are_always_canonical(bool allowsEncodedSlash) =>
        Gen.Select(Hostile, Gen.OneOfConst("/api", "/api/v1", "/a")).Sample(iter: 10_000, predicate: (tail, prefix) =>
        {
            var exchange = new Exchange(prefix + "/" + tail, allowsEncodedSlash: allowsEncodedSlash);
            try
            {
                exchange.Apply(steps => steps.PathRemovePrefix(prefix));
            }
            catch (ForwardTransformException)
            {
                return true;
            }

            return CanonicalPath.TryRewrite(exchange.Request.Path, out var again, allowsEncodedSlash) && again == exchange.Request.Path;
        });

    [Fact]
    public void Setting_a_query_parameter_leaves_the_bytes_of_the_others()
    {
        var piece = Gen.OneOfConst("a", "a=", "a=1", "b=%41", "b=%zz", "c=x+y", "C", "", "d==", "%61=2", "e=1=2", "f=a%26b", "=", "g=;");
        Gen.Select(piece.Array[0, 6], Gen.OneOfConst("a", "b", "c", "z"), Gen.String[0, 6]).Sample((pieces, name, value) =>
        {
            var query = pieces.Length == 0 ? string.Empty : "?" + string.Join('&', pieces);
            var edited = QueryText.Set(query, name, value);
            var expected = pieces.Where(text => !IsNamed(text, name)).ToArray();
            var actual = (edited.Length > 0 ? edited[1..].Split('&') : []).ToList();
            Assert.True(actual.Remove($"{name}={Uri.EscapeDataString(value)}"), edited);

            // An empty query and one with a single empty piece cannot be told apart.
            Assert.Equal(pieces is [""] ? [] : expected, actual);
            Assert.True(RequestTarget.IsQuery(edited.Replace("%zz", "zz", StringComparison.Ordinal)));
        });
    }

    [Fact]
    public void Removing_a_query_parameter_leaves_the_bytes_of_the_others()
    {
        var piece = Gen.OneOfConst("a", "a=", "A=1", "%61", "b=%41", "c=x+y", "", "d==", "e");
        piece.Array[0, 6].Sample(pieces =>
        {
            var query = pieces.Length == 0 ? string.Empty : "?" + string.Join('&', pieces);
            var kept = pieces.Where(static text => !IsNamed(text, "a")).ToArray();
            var expected = kept.Length == pieces.Length ? query
                : string.Join('&', kept) is { Length: > 0 } rest ? "?" + rest
                : string.Empty;
            return QueryText.Remove(query, "a") == expected;
        });
    }

    [Fact]
    public void No_line_break_or_nul_reaches_a_header() => Hostile.Sample(iter: 20_000, predicate: value =>
    {
        var exchange = new Exchange().With(("v", value));
        try
        {
            exchange.Apply(steps => steps.RequestHeaderRouteValue("X-V", set: "v"));
        }
        catch (ForwardTransformException)
        {
            return true;
        }

        return exchange.Header("X-V") is not { } header || header.All(static c => c is > ' ' and <= '~');
    });

    [Fact]
    public void Literal_values_with_control_characters_never_pass_validation() => Hostile.Sample(iter: 20_000, predicate: value =>
        TransformValidationTests.ErrorsOf(steps => steps.RequestHeader("X-V", set: value)).Length == 0 == value.All(static c => c is '\t' or (>= ' ' and <= '~')));

    private static bool IsNamed(string piece, string name) =>
        string.Equals(Uri.UnescapeDataString(piece.Split('=')[0].Replace('+', ' ')), name, StringComparison.OrdinalIgnoreCase);
}
