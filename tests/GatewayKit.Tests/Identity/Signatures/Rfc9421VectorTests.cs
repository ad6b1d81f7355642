using GatewayKit.Identity.Signatures;

namespace GatewayKit.Tests.Identity.Signatures;

/// <summary>The examples of RFC 9421 Appendix B.2. B.2.6 is by Ed25519, which .NET does not have.</summary>
public sealed class Rfc9421VectorTests
{
    private const string EccKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
        w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
        -----END PUBLIC KEY-----
        """;

    private const string RsaKey = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
        +QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
        oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
        gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
        Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
        aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
        2wIDAQAB
        -----END PUBLIC KEY-----
        """;

    private static readonly byte[] SharedSecret = Convert.FromBase64String("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==");

    [Theory]
    [InlineData(
        """();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd" """,
        "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==")]
    [InlineData(
        """("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example" """,
        "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==")]
    [InlineData(
        """("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss" """,
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==")]
    public void Requests_signed_by_rsa_pss_are_verified_B_2_1_to_B_2_3(string input, string signature)
    {
        var bytes = Convert.FromBase64String(signature);
        Assert.True(MessageSignature.Verify(TestMessage.Request, Read(input), SignatureKey.FromPem(RsaKey), bytes));
        bytes[9] ^= 1;
        Assert.False(MessageSignature.Verify(TestMessage.Request, Read(input), SignatureKey.FromPem(RsaKey), bytes));
    }

    [Fact]
    public void Answer_signed_by_ecdsa_is_verified_B_2_4()
    {
        var parameters = Read("""("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256" """);
        var signature = Convert.FromBase64String("wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==");
        var key = SignatureKey.FromPem(EccKey);

        Assert.Equal("ecdsa-p256-sha256", key.Algorithm);
        Assert.True(MessageSignature.Verify(TestMessage.Answer, parameters, key, signature));
        var changed = TestMessage.Answer;
        changed.Fields["Content-Length"] = "24";
        Assert.False(MessageSignature.Verify(changed, parameters, key, signature));
    }

    [Fact]
    public void Request_is_signed_by_hmac_B_2_5()
    {
        var parameters = SignatureParameters.Create(
            [SignatureComponent.Of("date"), SignatureComponent.Of("@authority"), SignatureComponent.Of("content-type")],
            created: DateTimeOffset.FromUnixTimeSeconds(1618884473), keyId: "test-shared-secret");

        Assert.True(MessageSignature.TrySign("sig-b25", TestMessage.Request, parameters, SignatureKey.Hmac(SharedSecret), out var signature, out _));
        Assert.Equal("""sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret" """.TrimEnd(), signature.Input);
        Assert.Equal("sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:", signature.Value);
    }

    private static SignatureParameters Read(string input)
    {
        var member = Assert.Single(StructuredFieldReader.ReadDictionary("sig=" + input.TrimEnd())!).Value;
        return SignatureParameters.From(member)!;
    }
}
