using System.Security.Cryptography;
using System.Text;
using GatewayKit.Identity.Signatures;

namespace GatewayKit.Tests.Identity.Signatures;

public sealed class SignatureBaseTests
{
    // RFC 9421 §2.2 and §2.1.
    [Theory]
    [InlineData("\"@method\"", "POST")]
    [InlineData("\"@target-uri\"", "https://example.com/foo?param=Value&Pet=dog")]
    [InlineData("\"@authority\"", "example.com")]
    [InlineData("\"@scheme\"", "https")]
    [InlineData("\"@request-target\"", "/foo?param=Value&Pet=dog")]
    [InlineData("\"@path\"", "/foo")]
    [InlineData("\"@query\"", "?param=Value&Pet=dog")]
    [InlineData("\"@query-param\";name=\"Pet\"", "dog")]
    [InlineData("\"content-digest\";key=\"sha-512\"", ":WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:")]
    [InlineData("\"content-type\";bs", ":YXBwbGljYXRpb24vanNvbg==:")]
    public void Components_of_a_request(string component, string value) => Assert.Equal($"{component}: {value}", FirstLine(component, TestMessage.Request));

    [Theory]
    [InlineData("EXAMPLE.com:443", "https", "example.com")]
    [InlineData("example.com:80", "http", "example.com")]
    [InlineData("example.com:443", "http", "example.com:443")]
    public void Authority_is_in_lower_case_without_the_usual_port(string authority, string scheme, string expected) =>
        Assert.Equal($"\"@authority\": {expected}", FirstLine("\"@authority\"", new() { Method = "GET", Scheme = scheme, Authority = authority }));

    // RFC 9421 §2.2.8.
    [Theory]
    [InlineData("var", "this%20is%20a%20big%0Amultiline%20value")]
    [InlineData("bar", "with%20plus%20whitespace")]
    [InlineData("fa%C3%A7ade%22%3A%20", "something")]
    [InlineData("qux", "")]
    public void Parameters_of_the_query_are_encoded_in_one_way(string name, string value)
    {
        var message = new TestMessage { Method = "GET", Query = "?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=" };
        Assert.Equal($"\"@query-param\";name=\"{name}\": {value}", FirstLine($"\"@query-param\";name=\"{name}\"", message));
    }

    // Before it is known who asks.
    [Fact]
    public void Many_parameters_cost_the_query_once()
    {
        var query = "?" + string.Join('&', Enumerable.Range(0, 500).Select(static number => $"p{number}=%41{number}"));
        Assert.InRange(AllocatedFor(query, SignatureParameters.MostComponents), 1, 2 * AllocatedFor(query, 1));

        static long AllocatedFor(string query, int count)
        {
            var parameters = SignatureParameters.Create(
                [.. Enumerable.Range(0, count).Select(static number => SignatureComponent.From(new("@query-param", [new("name", $"p{number}")]))!)]);
            var message = new TestMessage { Method = "GET", Query = query };
            Assert.True(SignatureBase.TryCreate(message, parameters, out var text, out _));
            Assert.Contains("\"@query-param\";name=\"p0\": A0", text, StringComparison.Ordinal);
            var before = GC.GetAllocatedBytesForCurrentThread();
            SignatureBase.TryCreate(message, parameters, out _, out _);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    public void Components_have_an_end(int count, bool isRead)
    {
        var list = string.Join(' ', Enumerable.Range(0, count).Select(static number => $"\"x-{number}\""));
        var member = Assert.Single(StructuredFieldReader.ReadDictionary($"sig=({list});created=1")!).Value;
        Assert.Equal(isRead, SignatureParameters.From(member) is not null);
    }

    [Fact]
    public void Empty_path_and_query_have_a_form()
    {
        var message = new TestMessage { Method = "OPTIONS", Scheme = "https", Authority = "example.com", Path = "", Query = "" };
        Assert.Equal(("\"@path\": /", "\"@query\": ?"), (FirstLine("\"@path\"", message), FirstLine("\"@query\"", message)));
    }

    [Fact]
    public void Lines_of_a_field_are_joined()
    {
        var message = new TestMessage { Method = "GET", Fields = { ["X-A"] = new([" one ", "two, three\t"]) } };
        Assert.Equal("\"x-a\": one, two, three", FirstLine("\"x-a\"", message));
        Assert.Equal("\"x-a\";bs: :b25l:, :dHdvLCB0aHJlZQ==:", FirstLine("\"x-a\";bs", message));
    }

    [Theory]
    [InlineData("\"x-absent\"")]
    [InlineData("\"@status\"")]
    [InlineData("\"@query-param\";name=\"absent\"")]
    [InlineData("\"@query-param\"")]
    [InlineData("\"@method\";req")]
    [InlineData("\"date\";tr")]
    [InlineData("\"date\";sf")]
    [InlineData("\"date\";key=\"a\"")]
    [InlineData("\"date\";bs;sf")]
    public void What_is_not_there_or_not_understood_is_not_signed(string component) => Assert.Null(FirstLine(component, TestMessage.Request));

    [Fact]
    public void Parameter_that_is_there_twice_is_not_signed() =>
        Assert.Null(FirstLine("\"@query-param\";name=\"a\"", new() { Method = "GET", Query = "?a=1&b=2&%61=3" }));

    // Each would have the line of another query (%25FF, %25zz), or is read by some as another.
    [Theory]
    [InlineData("?a=%FF")]
    [InlineData("?a=%C3%28")]
    [InlineData("?a=%ED%A0%80")]
    [InlineData("?a=%C0%AF")]
    [InlineData("?a=%zz")]
    [InlineData("?a=%4")]
    [InlineData("?a=%+1")]
    [InlineData("?a=ü")]
    [InlineData("?a=1&%FF=2")]
    public void Parameter_that_cannot_be_decoded_is_not_signed(string query) => Assert.Null(FirstLine("\"@query-param\";name=\"a\"", new() { Method = "GET", Query = query }));

    [Theory]
    [InlineData("?a=%25FF", "%25FF")]
    [InlineData("?a=%f0%9f%98%80&&b", "%F0%9F%98%80")]
    [InlineData("?a", "")]
    public void Parameter_that_can_be_decoded_is_signed(string query, string value) =>
        Assert.Equal($"\"@query-param\";name=\"a\": {value}", FirstLine("\"@query-param\";name=\"a\"", new() { Method = "GET", Query = query }));

    // A value with a line break could be taken for another component (RFC 9421 §7.5.5).
    [Theory]
    [InlineData("a\n\"@method\": DELETE")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    [InlineData("ü")]
    public void Value_with_a_line_break_or_of_other_characters_is_not_signed(string value) =>
        Assert.Null(FirstLine("\"x-a\"", new() { Method = "GET", Fields = { ["X-A"] = value } }));

    [Theory]
    [InlineData("(\"date\" \"date\")")]
    [InlineData("(\"@query-param\";name=\"a\";bs \"@query-param\";bs;name=\"a\")")]
    [InlineData("(\"Date\")")]
    [InlineData("(\"@unknown\")")]
    [InlineData("(date)")]
    [InlineData("(\"date\");created=\"1\"")]
    [InlineData("(\"date\");keyid=1")]
    [InlineData("1")]
    public void Parameters_that_are_not_well_formed_are_none(string input) => Assert.Null(SignatureParameters.From(Assert.Single(StructuredFieldReader.ReadDictionary("s=" + input)!).Value));

    [Fact]
    public void Parameters_say_what_was_written()
    {
        var parameters = SignatureParameters.Create(
            [SignatureComponent.Of("@method")], DateTimeOffset.FromUnixTimeSeconds(1), DateTimeOffset.FromUnixTimeSeconds(2), "n\"\\", "hmac-sha256", "k", "t");
        Assert.Equal("(\"@method\");created=1;expires=2;nonce=\"n\\\"\\\\\";alg=\"hmac-sha256\";keyid=\"k\";tag=\"t\"", parameters.Text);
        var read = SignatureParameters.From(Assert.Single(StructuredFieldReader.ReadDictionary("s=" + parameters.Text)!).Value)!;
        Assert.Equal((1L, 2L, "n\"\\", "hmac-sha256", "k", "t"), (read.Created, read.Expires, read.Nonce, read.Algorithm, read.KeyId, read.Tag));
    }

    [Fact]
    public void Signature_does_not_choose_the_algorithm()
    {
        var key = SignatureKey.Hmac(new byte[32]);
        var parameters = SignatureParameters.Create([SignatureComponent.Of("@method")], algorithm: "rsa-v1_5-sha256");
        Assert.True(SignatureBase.TryCreate(TestMessage.Request, parameters, out var text, out _));
        Assert.False(MessageSignature.Verify(TestMessage.Request, parameters, key, key.Sign(Encoding.ASCII.GetBytes(text))));
    }

    [Theory]
    [InlineData(true, "rsa-pss-sha512")]
    [InlineData(false, "rsa-v1_5-sha256")]
    public void Rsa_signs_what_it_verifies(bool pss, string algorithm)
    {
        using var rsa = RSA.Create(2_048);
        var key = SignatureKey.FromPem(rsa.ExportPkcs8PrivateKeyPem(), pss);
        Assert.Equal(algorithm, key.Algorithm);
        Assert.True(key.Verify("a"u8, key.Sign("a"u8)));
        Assert.False(key.Verify("b"u8, key.Sign("a"u8)));
        Assert.False(key.Verify("a"u8, []));
    }

    [Fact]
    public void P384_signs_what_it_verifies()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var key = SignatureKey.FromPem(ecdsa.ExportPkcs8PrivateKeyPem());
        Assert.Equal("ecdsa-p384-sha384", key.Algorithm);
        Assert.True(key.Verify("a"u8, key.Sign("a"u8)));
        Assert.False(key.Verify("a"u8, new byte[96]));
    }

    [Fact]
    public void Weak_keys_and_no_keys_are_refused()
    {
        using var rsa = RSA.Create(1_024);
        Assert.Throws<ArgumentException>(() => SignatureKey.FromPem(rsa.ExportPkcs8PrivateKeyPem()));
        Assert.Throws<ArgumentException>(() => SignatureKey.FromPem("no key"));
        Assert.Throws<ArgumentException>(() => SignatureKey.Hmac(new byte[15]));
        Assert.Equal("hmac-sha256", SignatureKey.Hmac(new byte[16]).Algorithm);
    }

    [Theory]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", true)]
    [InlineData("md5=:AAAA:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", true)]
    [InlineData("sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:", true)]
    [InlineData("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, sha-512=:AAAA:", false)]
    [InlineData("md5=:AAAA:", false)]
    [InlineData("sha-256=\"x\"", false)]
    [InlineData("", false)]
    [InlineData("sha-256=:x", false)]
    public void Digest_is_of_the_body(string field, bool matches) => Assert.Equal(matches, ContentDigest.Matches(field, "{\"hello\": \"world\"}"u8));

    [Fact]
    public void Digest_of_a_body_is_by_sha_256() => Assert.Equal("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:", ContentDigest.Of("{\"hello\": \"world\"}"u8));

    private static string? FirstLine(string component, TestMessage message)
    {
        var parameters = SignatureParameters.From(Assert.Single(StructuredFieldReader.ReadDictionary($"s=({component})")!).Value)!;
        return SignatureBase.TryCreate(message, parameters, out var text, out _) ? text.Split('\n')[0] : null;
    }
}
