using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GatewayKit.Identity.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Certificates;

public sealed class CertificateTrustTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Start);

    [Fact]
    public async Task Certificate_ends_while_its_connection_lasts()
    {
        using var certificate = Make("CN=a", Start, Start.AddHours(1));
        var trust = Trusting(certificate);
        var verdict = await trust.JudgeAsync(certificate);
        Assert.Null(verdict.FaultAt(_time.GetUtcNow()));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("expired", (await trust.JudgeAsync(certificate)).FaultAt(_time.GetUtcNow()));
    }

    [Fact]
    public async Task Certificate_begins_while_its_connection_lasts()
    {
        using var certificate = Make("CN=a", Start.AddHours(1), Start.AddHours(3));
        var trust = Trusting(certificate);
        Assert.Equal("not-yet-valid", (await trust.JudgeAsync(certificate)).FaultAt(_time.GetUtcNow()));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Null((await trust.JudgeAsync(certificate)).FaultAt(_time.GetUtcNow()));
    }

    [Fact]
    public async Task Requests_of_a_connection_cost_nothing_once_it_is_judged()
    {
        using var certificate = Make("CN=a", Start, Start.AddHours(1));
        var trust = Trusting(certificate);
        var verdict = await trust.JudgeAsync(certificate);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var again = trust.JudgeAsync(certificate);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.True(again.IsCompletedSuccessfully);
        Assert.Same(verdict, await again);
    }

    [Fact]
    public async Task Certificates_that_do_not_count_are_not_remembered()
    {
        using var trusted = Make("CN=a", Start, Start.AddHours(1));
        var trust = Trusting(trusted);
        for (var i = 0; i < 100; i++)
        {
            using var strange = Make("CN=b", Start, Start.AddHours(1));
            Assert.Equal("untrusted", (await trust.JudgeAsync(strange.RawData, [])).Fault);
        }

        Assert.Equal(0, trust.Known);
        await trust.JudgeAsync(trusted.RawData, []);
        Assert.Equal(1, trust.Known);
    }

    // What proxies pass on anybody may have sent: looking at it costs far more than sending it.
    [Fact]
    public async Task Certificate_from_a_proxy_that_does_not_hold_is_looked_at_once_a_minute_with_each_chain()
    {
        using var trusted = Make("CN=a", Start, Start.AddHours(1));
        using var strange = Make("CN=b", Start, Start.AddHours(1));
        var trust = Trusting(trusted);
        Assert.Equal("untrusted", (await trust.JudgeAsync(strange.RawData, [])).Fault);
        var kept = await trust.JudgeAsync(strange.RawData, []);
        Assert.Same(kept, await trust.JudgeAsync(strange.RawData, []));
        Assert.NotSame(kept, await trust.JudgeAsync(strange.RawData, [trusted.RawData]));
        Assert.Equal((0, 2), (trust.Known, trust.Refused));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotSame(kept, await trust.JudgeAsync(strange.RawData, []));
    }

    [Fact]
    public async Task Certificate_from_a_proxy_that_is_to_come_holds_as_soon_as_it_has()
    {
        using var certificate = Make("CN=a", Start.AddSeconds(30), Start.AddHours(1));
        var trust = Trusting(certificate);
        Assert.Equal("not-yet-valid", (await trust.JudgeAsync(certificate.RawData, [])).FaultAt(_time.GetUtcNow()));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null((await trust.JudgeAsync(certificate.RawData, [])).FaultAt(_time.GetUtcNow()));
    }

    [Theory]
    [InlineData("CN=a", "CN=a")]
    [InlineData("CN=a, O=Acme, C=DE", "CN=a,O=Acme,C=DE")]
    [InlineData("CN=\"a, b\"", "CN=a\\, b")]
    [InlineData("CN=\"a+b;c<d>e\"", "CN=a\\+b\\;c\\<d\\>e")]
    [InlineData("CN=\"#a\"", "CN=\\#a")]
    [InlineData("CN=a\\b", "CN=a\\\\b")]
    [InlineData("OID.1.2.3.4=a", "1.2.3.4=#130161")]
    public void Subject_has_one_form(string subject, string text)
    {
        using var certificate = Make(subject, Start, Start.AddHours(1));
        Assert.True(CertificateNames.TryRead(certificate, out var names));
        Assert.Equal([$"certificate/subject:{text}"], names.Given);
    }

    private CertificateTrust Trusting(X509Certificate2 certificate) => new([], [Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))], X509RevocationMode.NoCheck, _time);

    private static X509Certificate2 Make(string subject, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        return request.CreateSelfSigned(from, until);
    }
}
