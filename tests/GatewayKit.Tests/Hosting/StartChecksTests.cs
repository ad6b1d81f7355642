using System.Net;
using GatewayKit.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.Tests.Hosting;

public sealed class StartChecksTests
{
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel.";

    private static readonly StartFacts Safe = new()
    {
        IsOn = static name => name == Kestrel + "DisableHttp1LineFeedTerminators",
        Kestrel = new(),
        Runtime = KnownHoles.Minimum,
        DataProtection = KnownHoles.DataProtectionFixed,
        CorsPolicies = [("named", Cors(static policy => policy.WithOrigins("https://a.example").AllowCredentials())), ("open", Cors(static policy => policy.AllowAnyOrigin()))],
    };

    // What is changed, and the one finding that comes of it.
    public static TheoryData<string, string> Unsafe() => new()
    {
        { "EnableInsecureChunkedRequestParsing", "insecure-chunked-parsing" },
        { "AllowKeepAliveAfterCLTE", "keep-alive-after-two-lengths" },
        { "line feeds", "lenient-line-ends" },
        { "forwarded", "open-forwarded-headers" },
        { "any origin, asked", "credentials-for-any-origin" },
        { "any origin, written", "credentials-for-any-origin" },
        { "origin null", "credentials-for-any-origin" },
        { "data protection", "forgeable-data-protection" },
        { "runtime", "outdated-runtime" },
        { "host", "host-override" },
        { "synchronous", "synchronous-io" },
        { "MinRequestBodyDataRate", "no-server-limits" },
        { "MinResponseDataRate", "no-server-limits" },
        { "RequestHeadersTimeout", "no-server-limits" },
        { "KeepAliveTimeout", "no-server-limits" },
    };

    [Fact]
    public void Safe_host_has_no_finding() => Assert.Empty(StartGuard.Find(Safe, []));

    [Theory]
    [MemberData(nameof(Unsafe))]
    public void Unsafe_setting_is_the_one_finding_and_says_what_to_do(string change, string id)
    {
        var finding = Assert.Single(StartGuard.Find(Changed(change), []));

        Assert.Equal(id, finding.Check.Id);
        Assert.Contains($"add \"{id}\" to AcknowledgedRisks", finding.Message, StringComparison.Ordinal);
        if (id is "no-server-limits" || change.Contains("AllowKeepAlive", StringComparison.Ordinal))
        {
            Assert.Contains(change, finding.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Unsafe))]
    public void Acknowledged_risk_is_no_finding(string change, string id)
    {
        Assert.Empty(StartGuard.Find(Changed(change), [id]));
        Assert.Empty(StartGuard.Find(Changed(change), [id.ToUpperInvariant()]));
        Assert.Single(StartGuard.Find(Changed(change), [.. StartChecks.Ids.Where(other => other != id)]));
    }

    [Fact]
    public void Everything_is_found_at_once()
    {
        var all = Unsafe().Select(static row => row.Data).Aggregate(Safe, static (facts, row) => Change(facts, row.Item1));
        Assert.Equal(StartChecks.All.Select(static check => check.Id), StartGuard.Find(all, []).Select(static finding => finding.Check.Id).Distinct());
    }

    [Fact]
    public void What_lets_a_stranger_be_another_stops_the_start_and_the_rest_is_logged() => Assert.Equal(
        ["open-forwarded-headers", "insecure-chunked-parsing", "keep-alive-after-two-lengths", "credentials-for-any-origin", "forgeable-data-protection"],
        StartChecks.All.Where(static check => check.Severity is StartSeverity.Error).Select(static check => check.Id));

    [Fact]
    public void Settings_of_Kestrel_are_none_of_another_servers_business() => Assert.Empty(StartGuard.Find(
        Safe with { Kestrel = null, IsOn = static name => name.EndsWith("Parsing", StringComparison.Ordinal) }, []));

    // What a gateway streams, it does not hold: hosts lift this limit on purpose.
    [Fact]
    public void Bodies_of_any_size_are_no_finding() =>
        Assert.Empty(StartGuard.Find(Safe with { Kestrel = new() { Limits = { MaxRequestBodySize = null } } }, []));

    [Fact]
    public void Known_proxy_closes_the_forwarded_headers()
    {
        var options = Open();
        options.KnownProxies.Add(IPAddress.Parse("10.0.0.1"));
        Assert.Empty(StartGuard.Find(Safe with { Forwarded = options }, []));
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse("10.0.0.0/8"));
        Assert.Empty(StartGuard.Find(Safe with { Forwarded = options }, []));
    }

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("::/0")]
    public void Network_of_every_address_does_not_close_them(string network)
    {
        var options = Open();
        options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse("10.0.0.0/8"));
        options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        Assert.Equal("open-forwarded-headers", Assert.Single(StartGuard.Find(Safe with { Forwarded = options }, [])).Check.Id);
    }

    [Fact]
    public void Policy_that_throws_at_a_strange_origin_allows_it_not() => Assert.Empty(StartGuard.Find(
        Safe with { CorsPolicies = [("throws", Cors(static policy => policy.SetIsOriginAllowed(static _ => throw new FormatException()).AllowCredentials()))] }, []));

    [Theory]
    [InlineData("10.0.6", "10.0.8: CVE-2026-42899")]
    [InlineData("10.0.11", "10.0.12: CVE-2026-69439")]
    public void Outdated_runtime_is_told_what_it_lacks(string version, string lacks)
    {
        var message = Assert.Single(StartGuard.Find(Safe with { Runtime = Version.Parse(version) }, [])).Message;
        Assert.Contains(version, message, StringComparison.Ordinal);
        Assert.Contains(lacks, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.12")]
    [InlineData("10.0.13")]
    [InlineData("11.0.0")]
    public void Later_runtime_is_not_outdated(string version) => Assert.Empty(StartGuard.Find(Safe with { Runtime = Version.Parse(version) }, []));

    [Theory]
    [InlineData("10.0.6", true)]
    [InlineData("10.0.0", true)]
    [InlineData("10.0.7", false)]
    [InlineData("9.0.9", false)]
    [InlineData(null, false)]
    public void Data_protection_is_judged_by_its_version(string? version, bool found) =>
        Assert.Equal(found ? 1 : 0, StartGuard.Find(Safe with { DataProtection = version is null ? null : Version.Parse(version) }, []).Count);

    [Fact]
    public void Ids_are_unique_and_can_be_typed()
    {
        var ids = StartChecks.Ids.ToArray();
        Assert.Equal(ids, ids.Distinct());
        Assert.All(ids, static id => Assert.Matches("^[a-z]+(-[a-z]+)+$", id));
    }

    private static StartFacts Changed(string change) => Change(Safe, change);

    private static StartFacts Change(StartFacts facts, string change) => change switch
    {
        "EnableInsecureChunkedRequestParsing" or "AllowKeepAliveAfterCLTE" => facts with { IsOn = name => name == Kestrel + change || facts.IsOn(name) },
        "line feeds" => facts with { IsOn = name => !name.EndsWith("DisableHttp1LineFeedTerminators", StringComparison.Ordinal) && facts.IsOn(name) },
        "forwarded" => facts with { Forwarded = Open() },
        "any origin, asked" => facts with { CorsPolicies = [("x", Cors(static policy => policy.SetIsOriginAllowed(static _ => true).AllowCredentials()))] },
        "any origin, written" => facts with { CorsPolicies = [("x", AnyOriginWithCredentials())] },
        "origin null" => facts with { CorsPolicies = [("x", Cors(static policy => policy.WithOrigins("null").AllowCredentials()))] },
        "data protection" => facts with { DataProtection = new(10, 0, 6) },
        "runtime" => facts with { Runtime = new(10, 0, 11) },
        "host" => With(facts, static options => options.AllowHostHeaderOverride = true),
        "synchronous" => With(facts, static options => options.AllowSynchronousIO = true),
        "MinRequestBodyDataRate" => With(facts, static options => options.Limits.MinRequestBodyDataRate = null),
        "MinResponseDataRate" => With(facts, static options => options.Limits.MinResponseDataRate = null),
        "RequestHeadersTimeout" => With(facts, static options => options.Limits.RequestHeadersTimeout = Timeout.InfiniteTimeSpan),
        "KeepAliveTimeout" => With(facts, static options => options.Limits.KeepAliveTimeout = TimeSpan.FromHours(1)),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, null),
    };

    // Each time fresh options with what was changed before: the shared ones of the safe host stay as they are.
    private static StartFacts With(StartFacts facts, Action<KestrelServerOptions> change)
    {
        var (before, options) = (facts.Kestrel!, new KestrelServerOptions());
        (options.AllowHostHeaderOverride, options.AllowSynchronousIO) = (before.AllowHostHeaderOverride, before.AllowSynchronousIO);
        (options.Limits.MinRequestBodyDataRate, options.Limits.MinResponseDataRate) = (before.Limits.MinRequestBodyDataRate, before.Limits.MinResponseDataRate);
        (options.Limits.RequestHeadersTimeout, options.Limits.KeepAliveTimeout) = (before.Limits.RequestHeadersTimeout, before.Limits.KeepAliveTimeout);
        change(options);
        return facts with { Kestrel = options };
    }

    private static ForwardedHeadersOptions Open()
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        return options;
    }

    private static CorsPolicy Cors(Action<CorsPolicyBuilder> configure)
    {
        var builder = new CorsPolicyBuilder();
        configure(builder);
        return builder.Build();
    }

    private static CorsPolicy AnyOriginWithCredentials()
    {
        var policy = new CorsPolicy { SupportsCredentials = true };
        policy.Origins.Add("*");
        return policy;
    }
}
