using System.Net.Http;
using System.Runtime.CompilerServices;
using GatewayKit.Clusters;

namespace GatewayKit.Tests.Clusters;

/// <summary>The table of versions: as it stands in the documentation, row by row.</summary>
public sealed class VersionChoiceTests
{
    [Fact]
    public void Documentation_says_of_every_scheme_version_and_policy_what_the_code_says()
    {
        var rows = File.ReadLines(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../docs/forwarding.md"))
            .Where(static line => line.StartsWith("| 1.1 | `R", StringComparison.Ordinal) || line.StartsWith("| 2.0 | `R", StringComparison.Ordinal) || line.StartsWith("| 3.0 | `R", StringComparison.Ordinal))
            .Select(static line => line.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .SelectMany(static row => row[1].Split(", ").Select(policy => (Version: row[0], Policy: Enum.Parse<HttpVersionPolicy>(policy.Trim('`')), Http: row[2], Https: row[3], Grpc: row[4])))
            .ToArray();
        Assert.Equal(9, rows.Select(static row => (row.Version, row.Policy)).Distinct().Count());
        foreach (var row in rows)
        {
            var version = Version.Parse(row.Version);
            var (plain, tls) = (VersionChoice.Of(isTls: false, version, row.Policy), VersionChoice.Of(isTls: true, version, row.Policy));
            Assert.Equal((row.Http, row.Https), (Show(plain), Show(tls)));
            Assert.Equal(row.Grpc, (plain.CarriesGrpc(), tls.CarriesGrpc()) switch { (true, true) => "yes", (false, true) => "`https`", _ => "no" });
        }
    }

    [Theory]
    [InlineData("http://a", "2.0", HttpVersionPolicy.RequestVersionOrLower, "RequestVersionExact")]
    [InlineData("http://a", "3.0", HttpVersionPolicy.RequestVersionExact, "HTTP/3 needs TLS")]
    [InlineData("http://a", "3.0", HttpVersionPolicy.RequestVersionOrLower, "HTTP/3 needs TLS")]
    [InlineData("http://a", "2.0", HttpVersionPolicy.RequestVersionExact, null)]
    [InlineData("https://a", "2.0", HttpVersionPolicy.RequestVersionOrLower, null)]
    [InlineData("https://a", "3.0", HttpVersionPolicy.RequestVersionOrLower, null)]
    public void Combination_that_cannot_work_says_what_to_write(string address, string version, HttpVersionPolicy policy, string? part)
    {
        var fault = VersionChoice.Fault(new(address), Version.Parse(version), policy);
        if (part is null)
        {
            Assert.Null(fault);
        }
        else
        {
            Assert.Contains(part, fault, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Http3_alone_is_a_fault_where_the_machine_has_none() => Assert.Equal(
        !VersionChoice.HasHttp3, VersionChoice.Fault(new("https://a"), new(3, 0), HttpVersionPolicy.RequestVersionExact) is not null);

    private static string Show(SpokenVersions versions) => versions switch
    {
        SpokenVersions.None => "error at load",
        SpokenVersions.Http11 => "1.1",
        SpokenVersions.Http2 => "2",
        SpokenVersions.Http3 => "3",
        SpokenVersions.Http11 | SpokenVersions.Http2 => "1.1 or 2",
        SpokenVersions.Http2 | SpokenVersions.Http3 => "2 or 3",
        _ => "1.1, 2 or 3",
    };

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
