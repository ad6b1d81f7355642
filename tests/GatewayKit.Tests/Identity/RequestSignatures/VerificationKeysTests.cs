using System.Security.Cryptography;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Secrets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.RequestSignatures;

public sealed class VerificationKeysTests
{
    private readonly IConfigurationRoot _configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Good", new string('s', 32)), new("Short", "short-canary")]).Build();
    private readonly FakeTimeProvider _time = new();
    private readonly VerificationKeys _keys;

    public VerificationKeysTests() => _keys = new(new(_time, NullLogger<SecretReader>.Instance, _configuration), _time);

    public static TheoryData<string, string> Faults() => new()
    {
        { "no secret", "HmacSha256 needs a Secret" },
        { "secret that is not there", "The host's configuration has no value at Missing" },
        { "short secret", "too short for a secret of HmacSha256" },
        { "secret and key", "HmacSha256 needs a Secret, which says where it is, and no PublicKey" },
        { "no key", "EcdsaP256Sha256 needs a PublicKey in PEM" },
        { "private key", "PublicKey is a private key" },
        { "key that is none", "PublicKey is no public key in PEM" },
        { "another curve", "PublicKey is a key for ecdsa-p384-sha384, and Algorithm says EcdsaP256Sha256" },
        { "short key", "PublicKey is no public key in PEM" },
        { "odd id", "The id of a signing key is of visible ASCII characters" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Key_that_is_of_no_use_is_refused_without_a_word_of_what_is_in_it(string fault, string message)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(1_024);
        var hmac = new ConsumerSigningKey { Id = "a", Algorithm = SigningAlgorithm.HmacSha256 };
        var curve = new ConsumerSigningKey { Id = "a", Algorithm = SigningAlgorithm.EcdsaP256Sha256 };
        var key = fault switch
        {
            "no secret" => hmac,
            "secret that is not there" => hmac with { Secret = SecretReference.Parse("config:Missing") },
            "short secret" => hmac with { Secret = SecretReference.Parse("config:Short") },
            "secret and key" => hmac with { Secret = SecretReference.Parse("config:Good"), PublicKey = ec.ExportSubjectPublicKeyInfoPem() },
            "private key" => curve with { PublicKey = ec.ExportPkcs8PrivateKeyPem() },
            "key that is none" => curve with { PublicKey = "canary" },
            "another curve" => curve with { PublicKey = other.ExportSubjectPublicKeyInfoPem() },
            "short key" => curve with { Algorithm = SigningAlgorithm.RsaPssSha512, PublicKey = rsa.ExportSubjectPublicKeyInfoPem() },
            "odd id" => curve with { Id = "a b", PublicKey = ec.ExportSubjectPublicKeyInfoPem() },
            _ => curve,
        };
        var said = _keys.FaultOf(key);
        Assert.Contains(message, said, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", said, StringComparison.Ordinal);
        Assert.DoesNotContain("MII", said, StringComparison.Ordinal);
        Assert.True(fault is "odd id" or "secret and key" || (key.Secret is null && key.PublicKey is null) || await _keys.GetAsync(key) is null);
    }

    [Fact]
    public async Task Good_keys_are_good_and_made_once()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var key in (ConsumerSigningKey[])
        [
            new() { Id = "a", Algorithm = SigningAlgorithm.HmacSha256, Secret = SecretReference.Parse("config:Good") },
            new() { Id = "a", Algorithm = SigningAlgorithm.EcdsaP256Sha256, PublicKey = ec.ExportSubjectPublicKeyInfoPem() },
        ])
        {
            Assert.Null(_keys.FaultOf(key));
            Assert.NotNull(await _keys.GetAsync(key));
            Assert.Same(await _keys.GetAsync(key), await _keys.GetAsync(key));
        }
    }
}
