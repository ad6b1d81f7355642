using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using GatewayKit.JwtBearerTests.Hosting;

namespace GatewayKit.JwtBearerTests;

/// <summary>Tokens that something is wrong with (RFC 8725), each by what it is.</summary>
internal static class BadTokens
{
    private static readonly byte[] Nothing = [];

    public static IReadOnlyDictionary<string, Func<Issuer, string>> All { get; } =
        Algorithms().Concat(Headers()).Concat(Types()).Concat(Claims()).Concat(Names()).Concat(Bytes()).ToDictionary(static one => one.Item1, static one => one.Item2);

    private static IEnumerable<(string, Func<Issuer, string>)> Algorithms()
    {
        foreach (var none in new[] { "none", "None", "nOnE", "NONE", "" })
        {
            yield return ($"alg '{none}' without a signature", issuer => Issuer.Sign(issuer.Header(none).ToJsonString(), issuer.Claims().ToJsonString(), static _ => Nothing));
            yield return ($"alg '{none}' with a signature", issuer => issuer.Token(header: header => header["alg"] = none));
        }

        yield return ("no alg", static issuer => issuer.Token(header: static header => header.Remove("alg")));
        yield return ("alg null", static issuer => issuer.Token(header: static header => header["alg"] = null));
        yield return ("alg a number", static issuer => issuer.Token(header: static header => header["alg"] = 256));
        yield return ("alg a list", static issuer => issuer.Token(header: static header => header["alg"] = new JsonArray("RS256")));
        yield return ("alg in small letters", static issuer => issuer.Token(header: static header => header["alg"] = "rs256"));
        yield return ("alg with a space", static issuer => issuer.Token(header: static header => header["alg"] = "RS256 "));
        yield return ("alg unknown", static issuer => issuer.Token(header: static header => header["alg"] = "RS255"));
        yield return ("alg EdDSA", static issuer => issuer.Token(header: static header => header["alg"] = "EdDSA"));
        foreach (var unpinned in new[] { "RS384", "RS512", "PS384", "PS512" })
        {
            yield return ($"alg {unpinned}, well signed and not pinned", issuer => issuer.Token(algorithm: unpinned));
        }

        yield return ("RS256 signed as PS256", static issuer => Issuer.Sign(issuer.Header().ToJsonString(), issuer.Claims().ToJsonString(), input => issuer.SignWith("PS256", input)));
        yield return ("RS256 with the key of ES256", static issuer => issuer.Token(header: static header => header["kid"] = "ec"));
        yield return ("ES256 with the key of RS256", static issuer => issuer.Token(header: static header => header["kid"] = "rsa", algorithm: "ES256"));

        // A public key is no secret (RFC 8725 §2.1).
        foreach (var (form, secret) in new (string, Func<Issuer, byte[]>)[]
        {
            ("PEM", static issuer => Encoding.ASCII.GetBytes(issuer.Rsa.ExportSubjectPublicKeyInfoPem())),
            ("PEM with a line end", static issuer => Encoding.ASCII.GetBytes(issuer.Rsa.ExportSubjectPublicKeyInfoPem() + "\n")),
            ("DER", static issuer => issuer.Rsa.ExportSubjectPublicKeyInfo()),
            ("PKCS#1", static issuer => issuer.Rsa.ExportRSAPublicKey()),
            ("modulus", static issuer => issuer.Rsa.ExportParameters(false).Modulus!),
            ("JSON", static issuer => Encoding.UTF8.GetBytes(Issuer.PublicKeyOf(issuer.Rsa, "rsa").ToJsonString())),
            ("empty", static _ => Nothing),
        })
        {
            yield return ($"HS256 with the public key as secret: {form}", issuer => Issuer.Sign(issuer.Header("HS256").ToJsonString(), issuer.Claims().ToJsonString(), input => HMACSHA256.HashData(secret(issuer), input)));
        }

        yield return ("HS512 with the public key as secret", static issuer => Issuer.Sign(
            issuer.Header("HS512").ToJsonString(), issuer.Claims().ToJsonString(), input => HMACSHA512.HashData(issuer.Rsa.ExportSubjectPublicKeyInfo(), input)));
    }

    private static IEnumerable<(string, Func<Issuer, string>)> Headers()
    {
        yield return ("key of nobody's", static issuer => Foreign(issuer, static (header, _) => header["kid"] = "foreign"));
        yield return ("key of nobody's under a known id", static issuer => Foreign(issuer, static (_, _) => { }));
        yield return ("jwk, signed with it", static issuer => Foreign(issuer, static (header, own) => header["jwk"] = Issuer.PublicKeyOf(own.Foreign, "rsa")));
        yield return ("jwk, well signed", static issuer => issuer.Token(header: header => header["jwk"] = Issuer.PublicKeyOf(issuer.Rsa, "rsa")));
        foreach (var name in new[] { "jku", "x5u" })
        {
            yield return ($"{name}, signed with what is there", issuer => Foreign(issuer, (header, own) => (header[name], header["kid"]) = ($"{own.Name}/trap", "foreign")));
            yield return ($"{name}, well signed", issuer => issuer.Token(header: header => header[name] = $"{issuer.Name}/trap"));
            yield return ($"{name} of a file", issuer => issuer.Token(header: header => header[name] = "file:///etc/passwd"));
        }

        yield return ("x5c, signed with it", static issuer => Foreign(issuer, static (header, own) => header["x5c"] = new JsonArray(CertificateOf(own))));
        foreach (var id in new[] { "../../x", "../../../../dev/null", "' OR 1=1 --", "rsa'; DROP TABLE keys", "http://127.0.0.1/trap", "", "RSA", "rsa ", "unknown", "enc", new string('k', 300), new string('k', 10_240), "rsa\0" })
        {
            yield return ($"kid {(id.Length > 40 ? $"of {id.Length} characters" : $"'{id.Replace("\0", "\\0", StringComparison.Ordinal)}'")}", issuer => issuer.Token(header: header => header["kid"] = id));
        }

        yield return ("kid null", static issuer => issuer.Token(header: static header => header["kid"] = null));
        yield return ("kid a number", static issuer => issuer.Token(header: static header => header["kid"] = 1));
        yield return ("kid a list", static issuer => issuer.Token(header: static header => header["kid"] = new JsonArray("rsa")));
        yield return ("crit unknown", static issuer => issuer.Token(header: static header => (header["crit"], header["urn:x"]) = (new JsonArray("urn:x"), true)));
        yield return ("crit empty", static issuer => issuer.Token(header: static header => header["crit"] = new JsonArray()));
        yield return ("crit of a registered name", static issuer => issuer.Token(header: static header => header["crit"] = new JsonArray("exp")));
        yield return ("crit a text", static issuer => issuer.Token(header: static header => header["crit"] = "exp"));
        yield return ("b64 false", static issuer => issuer.Token(header: static header => (header["crit"], header["b64"]) = (new JsonArray("b64"), false)));
        yield return ("b64 false, not critical", static issuer => issuer.Token(header: static header => header["b64"] = false));
        yield return ("zip", static issuer => issuer.Token(header: static header => header["zip"] = "DEF"));
        yield return ("cty: a token inside", static issuer => Issuer.Sign(
            new JsonObject { ["alg"] = "RS256", ["kid"] = "rsa", ["typ"] = "at+jwt", ["cty"] = "JWT" }.ToJsonString(), issuer.Token(), input => issuer.SignWith("RS256", input)));
        yield return ("encrypted, the token inside", static issuer => Encrypted(issuer, "RSA-OAEP"));
        yield return ("encrypted with no key", static issuer => Encrypted(issuer, "dir"));
        yield return ("alg twice", static issuer => Raw(issuer, """{"alg":"none","alg":"RS256","kid":"rsa","typ":"at+jwt"}"""));
        yield return ("kid twice", static issuer => Raw(issuer, """{"alg":"RS256","kid":"x","kid":"rsa","typ":"at+jwt"}"""));
        yield return ("alg twice, once escaped", static issuer => Raw(issuer, """{"alg":"RS256","\u0061lg":"none","kid":"rsa","typ":"at+jwt"}"""));
        yield return ("header a list", static issuer => Raw(issuer, """["alg","RS256"]"""));
        yield return ("header no JSON", static issuer => Raw(issuer, "alg=RS256"));
        yield return ("header with something behind", static issuer => Raw(issuer, """{"alg":"RS256","kid":"rsa","typ":"at+jwt"}{}"""));
        yield return ("header with a comment", static issuer => Raw(issuer, """{"alg":"RS256",/**/"kid":"rsa","typ":"at+jwt"}"""));
        yield return ("header very deep", static issuer => Raw(issuer, $$"""{"alg":"RS256","kid":"rsa","typ":"at+jwt","x":{{new string('[', 500)}}{{new string(']', 500)}}}"""));
        yield return ("header no UTF-8", static issuer => Issuer.Sign([.. "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"at+jwt\",\"x\":\""u8, 0xFF, .. "\"}"u8], Encoding.UTF8.GetBytes(issuer.Claims().ToJsonString()), input => issuer.SignWith("RS256", input)));
    }

    private static IEnumerable<(string, Func<Issuer, string>)> Types()
    {
        foreach (var type in new[] { "JWT", "id+jwt", "application/jwt", "", "at+jwt ", "xat+jwt", "at+jwt/application", "logout+jwt" })
        {
            yield return ($"typ '{type}'", issuer => issuer.Token(header: header => header["typ"] = type));
        }

        yield return ("no typ", static issuer => issuer.Token(header: static header => header.Remove("typ")));
        yield return ("typ a number", static issuer => issuer.Token(header: static header => header["typ"] = 1));
    }

    private static IEnumerable<(string, Func<Issuer, string>)> Claims()
    {
        foreach (var (what, value) in new (string, Func<JsonNode?>)[]
        {
            ("of another", static () => "billing"), ("in capitals", static () => "ORDERS"), ("longer", static () => "orders2"), ("with a slash", static () => "orders/"), ("empty", static () => ""), ("null", static () => null),
            ("a number", static () => 1), ("an empty list", static () => new JsonArray()), ("a list without us", static () => new JsonArray("billing", "stock")), ("a list in a list", static () => new JsonArray(new JsonArray("orders"))),
            ("an object", static () => new JsonObject { ["orders"] = true }), ("several in one text", static () => "orders billing"),
        })
        {
            yield return ($"aud {what}", issuer => issuer.Token(claims => claims["aud"] = value()));
        }

        foreach (var (what, value) in new (string, Func<Issuer, JsonNode?>)[]
        {
            ("with a slash", static issuer => issuer.Name + "/"), ("one character off", static issuer => issuer.Name[..^1] + (issuer.Name[^1] == '1' ? '2' : '1')), ("with a path", static issuer => issuer.Name + "/realms/a"),
            ("of https", static issuer => issuer.Name.Replace("http:", "https:", StringComparison.Ordinal)), ("in capitals", static issuer => issuer.Name.ToUpperInvariant()), ("with a space", static issuer => issuer.Name + " "),
            ("empty", static _ => ""), ("null", static _ => null), ("a number", static _ => 1), ("a list", static issuer => new JsonArray(issuer.Name)),
        })
        {
            yield return ($"iss {what}", issuer => issuer.Token(claims => claims["iss"] = value(issuer)));
        }

        foreach (var (what, value) in new (string, Func<Issuer, JsonNode?>)[]
        {
            ("past", static issuer => issuer.At(-3_600)), ("past by more than clocks differ", static issuer => issuer.At(-32)), ("zero", static _ => 0), ("negative", static _ => -1), ("a text", static issuer => $"{issuer.At(300)}"),
            ("null", static _ => null), ("true", static _ => true), ("beyond all dates", static _ => 1e300), ("a second beyond all dates", static _ => 253_402_300_800), ("beyond all integers", static _ => 18_446_744_073_709_551_616m), ("an object", static _ => new JsonObject()),
        })
        {
            yield return ($"exp {what}", issuer => issuer.Token(claims => claims["exp"] = value(issuer)));
        }

        foreach (var name in new[] { "aud", "iss", "exp" })
        {
            yield return ($"no {name}", issuer => issuer.Token(claims => claims.Remove(name)));
        }

        yield return ("nbf to come", static issuer => issuer.Token(claims => claims["nbf"] = issuer.At(61)));
        yield return ("nbf a text", static issuer => issuer.Token(static claims => claims["nbf"] = "0"));
        foreach (var name in new[] { "nbf", "iat" })
        {
            yield return ($"{name} beyond all dates", issuer => issuer.Token(claims => claims[name] = 1e300));
        }

        yield return ("iat a text", static issuer => issuer.Token(static claims => claims["iat"] = "0"));
        foreach (var name in new[] { "aud", "iss", "exp", "sub", "client_id", "scope", "nbf" })
        {
            yield return ($"{name} twice", issuer => Twice(issuer, name));
        }

        yield return ("claims a list", static issuer => Body(issuer, "[]"));
        yield return ("claims null", static issuer => Body(issuer, "null"));
        yield return ("claims no JSON", static issuer => Body(issuer, "iss=a"));
        yield return ("claims cut off", static issuer => Body(issuer, issuer.Claims().ToJsonString()[..^1]));
        yield return ("claims very deep", static issuer => Body(issuer, new string('[', 2_000) + new string(']', 2_000)));
    }

    private static IEnumerable<(string, Func<Issuer, string>)> Names()
    {
        yield return ("nobody named", static issuer => issuer.Token(static claims => Nameless(claims)));
        yield return ("name of 201 characters", static issuer => issuer.Token(static claims => claims["client_id"] = new string('a', 201)));
        yield return ("name with a line end", static issuer => issuer.Token(static claims => claims["client_id"] = "acme\r\nX-Admin: 1"));
        yield return ("name of spaces", static issuer => issuer.Token(static claims => claims["client_id"] = "  "));
        yield return ("names, several", static issuer => issuer.Token(static claims => claims["client_id"] = new JsonArray("acme", "evil")));
    }

    private static IEnumerable<(string, Func<Issuer, string>)> Bytes()
    {
        yield return ("over 8 KiB", static issuer => issuer.Token(static claims => claims["x"] = new string('x', 8_192)));
        yield return ("signature empty", static issuer => Parts(issuer, static parts => $"{parts[0]}.{parts[1]}."));
        yield return ("signature left out", static issuer => Parts(issuer, static parts => $"{parts[0]}.{parts[1]}"));
        yield return ("signature short of a character", static issuer => issuer.Token()[..^1]);
        yield return ("signature short of a byte", static issuer => Signature(issuer, static bytes => bytes[..^1]));
        yield return ("signature cut in half", static issuer => Signature(issuer, static bytes => bytes[..128]));
        yield return ("signature with a byte more", static issuer => Signature(issuer, static bytes => [.. bytes, 0]));
        yield return ("signature with a zero in front", static issuer => Signature(issuer, static bytes => [0, .. bytes]));
        yield return ("signature of zeros", static issuer => Signature(issuer, static bytes => new byte[bytes.Length]));
        yield return ("signature of ones", static issuer => Signature(issuer, static bytes => [.. Enumerable.Repeat((byte)0xFF, bytes.Length)]));
        yield return ("signature of another token", static issuer => Parts(issuer, parts => $"{parts[0]}.{parts[1]}.{issuer.Token(static claims => claims["sub"] = "other").Split('.')[2]}"));
        yield return ("signature padded", static issuer => issuer.Token() + "==");
        yield return ("signature with unused bits set", static issuer => issuer.Token() is var token ? token[..^1] + NextOf(token[^1]) : token);
        yield return ("claims changed", static issuer => Parts(issuer, parts => $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(issuer.Claims().ToJsonString().Replace("acme", "evil", StringComparison.Ordinal)))}.{parts[2]}"));
        yield return ("header changed", static issuer => Parts(issuer, parts => $"{Base64Url.EncodeToString("""{"kid":"rsa","alg":"RS256","typ":"at+jwt"}"""u8)}.{parts[1]}.{parts[2]}"));
        yield return ("four parts", static issuer => issuer.Token() + ".AAAA");
        yield return ("five parts", static issuer => issuer.Token() + ".AAAA.AAAA");
        yield return ("one part", static issuer => issuer.Token().Split('.')[1]);
        yield return ("dots alone", static _ => "..");
        yield return ("a dot in front", static issuer => "." + issuer.Token());
        yield return ("a space inside", static issuer => issuer.Token().Insert(40, " "));
        yield return ("base64 of the other alphabet", static issuer => Parts(issuer, static parts => $"{parts[0]}.{parts[1]}.{new string('+', 342)}"));
        yield return ("no token", static _ => "acme");
        yield return ("ES256 with r = s = 0", static issuer => Points(issuer, static _ => new byte[64]));
        yield return ("ES256 with r = 0", static issuer => Points(issuer, static bytes => [.. new byte[32], .. bytes[32..]]));
        yield return ("ES256 with s = 0", static issuer => Points(issuer, static bytes => [.. bytes[..32], .. new byte[32]]));
        yield return ("ES256 with r and s of the order", static issuer => Points(issuer, static _ => [.. Order, .. Order]));
        yield return ("ES256 with r and s changed over", static issuer => Points(issuer, static bytes => [.. bytes[32..], .. bytes[..32]]));
        yield return ("ES256 signed as DER", static issuer => Issuer.Sign(
            issuer.Header("ES256", "ec").ToJsonString(), issuer.Claims().ToJsonString(), input => issuer.Ec.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
    }

    private static byte[] Order { get; } = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    private static string Foreign(Issuer issuer, Action<JsonObject, Issuer> change)
    {
        var header = issuer.Header();
        change(header, issuer);
        return Issuer.Sign(header.ToJsonString(), issuer.Claims().ToJsonString(), input => issuer.Foreign.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string CertificateOf(Issuer issuer)
    {
        using var certificate = new CertificateRequest("CN=foreign", issuer.Foreign, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue.AddDays(-1));
        return Convert.ToBase64String(certificate.RawData);
    }

    private static string Encrypted(Issuer issuer, string algorithm)
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(new JsonObject { ["alg"] = algorithm, ["enc"] = "A256GCM", ["cty"] = "JWT", ["kid"] = "enc", ["typ"] = "at+jwt" }.ToJsonString()));
        using var cipher = new AesGcm(key, 16);
        var (nonce, plain) = (RandomNumberGenerator.GetBytes(12), Encoding.ASCII.GetBytes(issuer.Token()));
        var (text, tag) = (new byte[plain.Length], new byte[16]);
        cipher.Encrypt(nonce, plain, text, tag, Encoding.ASCII.GetBytes(header));
        var wrapped = algorithm is "dir" ? "" : Base64Url.EncodeToString(issuer.Encryption.Encrypt(key, RSAEncryptionPadding.OaepSHA1));
        return $"{header}.{wrapped}.{Base64Url.EncodeToString(nonce)}.{Base64Url.EncodeToString(text)}.{Base64Url.EncodeToString(tag)}";
    }

    private static string Raw(Issuer issuer, string header) => Issuer.Sign(header, issuer.Claims().ToJsonString(), input => issuer.SignWith("RS256", input));

    private static string Body(Issuer issuer, string claims) => Issuer.Sign(issuer.Header().ToJsonString(), claims, input => issuer.SignWith("RS256", input));

    private static string Twice(Issuer issuer, string name)
    {
        var claims = issuer.Claims();
        claims["nbf"] = issuer.At(0);
        return Body(issuer, $"{{\"{name}\":{claims[name]!.ToJsonString()},{claims.ToJsonString()[1..]}");
    }

    private static void Nameless(JsonObject claims)
    {
        claims.Remove("client_id");
        claims.Remove("sub");
    }

    private static string Parts(Issuer issuer, Func<string[], string> make) => make(issuer.Token().Split('.'));

    private static string Signature(Issuer issuer, Func<byte[], byte[]> change) => Parts(issuer, parts => $"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(change(Base64Url.DecodeFromChars(parts[2])))}");

    private static string Points(Issuer issuer, Func<byte[], byte[]> change) => Issuer.Sign(issuer.Header("ES256", "ec").ToJsonString(), issuer.Claims().ToJsonString(), input => change(issuer.SignWith("ES256", input)));

    private static char NextOf(char last)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return Alphabet[Alphabet.IndexOf(last, StringComparison.Ordinal) ^ 1];
    }
}
