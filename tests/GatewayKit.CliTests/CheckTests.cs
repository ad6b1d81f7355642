using System.Net;
using System.Security.Cryptography;
using GatewayKit.Tests.Auditing.Reading;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.CliTests;

/// <summary>Checking a configuration whose journal is there, and perhaps in use.</summary>
public sealed class CheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("check-").FullName;

    private string Journal => Path.Combine(_folder, "audit");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(null)]
    [InlineData("--print")]
    public async Task Check_leaves_the_journal_byte_for_byte_as_it_is(string? option)
    {
        using (var builder = new JournalBuilder(Journal))
        {
            builder.StartBoot().Request().Stop(sign: false);
            File.AppendAllText(builder.SegmentFile, "{\"v\":1,\"kin");
        }

        Configure("\"Instance\": \"eu1\"");
        var before = Files();
        var (code, output, error) = await Tool.RunAsync(_folder, ["check", "gateway.json", .. option is null ? Array.Empty<string>() : [option]]);
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Contains("gateway.json is fine: 0 routes", output, StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task Check_makes_no_journal()
    {
        Configure("\"Personal\": { \"Encrypted\": [ \"Consumer\" ] }");
        Assert.Equal(0, (await Tool.RunAsync(_folder, "check", "gateway.json")).Code);
        Assert.Equal([Path.Combine(_folder, "gateway.json")], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Check_is_fine_while_a_gateway_writes_the_journal()
    {
        var file = Configure("\"Instance\": \"eu1\"");
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = _folder });
        builder.Logging.ClearProviders();
        builder.Configuration.AddJsonFile(file);
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddApiGateway(builder.Configuration.GetSection("Gateway"));
        builder.Services.Configure<GatewayOptions>(static options => options.DrainDelay = TimeSpan.Zero);
        await using var gateway = builder.Build();
        await gateway.StartAsync();
        Assert.True(File.Exists(Path.Combine(Journal, "eu1", "lock")));
        var (code, output, error) = await Tool.RunAsync(_folder, "check", "gateway.json");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.StartsWith("gateway.json is fine", output, StringComparison.Ordinal);
        Assert.Equal([Path.Combine(Journal, "eu1")], Directory.GetDirectories(Journal));
        Assert.Single(Directory.GetDirectories(Path.Combine(Journal, "eu1")), static boot => Guid.TryParse(Path.GetFileName(boot), out _));
    }

    [Theory]
    [InlineData("\"SegmentAge\": \"00:00:01\", \"RetainFor\": \"00:01:00\"", "SegmentAge is 00:00:01; it must be from 00:01:00", "RetainFor is 00:01:00; it must be from 1.00:00:00")]
    [InlineData("\"Directory\": \" \"", "Directory is empty")]
    [InlineData("\"Directory\": \"gateway.json\"", "gateway.json' is a file")]
    [InlineData("\"Instance\": \"../x\"", "Gateway:Journal:Instance: Instance '../x' is not")]
    [InlineData("\"SigningKeyFile\": \"no-such.pem\"", "no-such.pem")]
    [InlineData("\"SigningKeyFile\": \"gateway.json\"", "gateway.json' is no private EC key")]
    [InlineData("\"Personal\": { \"PseudonymKeys\": { \"2026\": \"env:NO_SUCH_PSEUDONYM_KEY\" } }", "NO_SUCH_PSEUDONYM_KEY is not set")]
    [InlineData("\"Personal\": { \"Encrypted\": [ \"Consumer\" ], \"KeyDirectory\": \"audit/keys\" }", "inside the journal's own")]
    [InlineData("\"Nonsense\": 1", "Nonsense")]
    public async Task Check_tells_what_is_wrong_with_the_settings_of_the_journal(string settings, params string[] expected)
    {
        Configure(settings);
        var (code, _, error) = await Tool.RunAsync(_folder, "check", "gateway.json");
        Assert.Equal(1, code);
        Assert.All(expected, part => Assert.Contains(part, error, StringComparison.Ordinal));
        Assert.False(Directory.Exists(Journal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Check_says_that_Strict_needs_a_second_place_which_code_may_add(bool logsCheckpoints)
    {
        Configure(
            $"\"LogCheckpoints\": {(logsCheckpoints ? "true" : "false")}",
            """
            "Clusters": { "up": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } },
            "Routes": { "orders": { "Match": { "Path": "/orders" }, "Cluster": "up", "Audit": { "Delivery": "Strict" } } },
            """);
        var (code, output, error) = await Tool.RunAsync(_folder, "check", "gateway.json");
        Assert.Equal((0, true), (code, output.StartsWith("gateway.json is fine", StringComparison.Ordinal)));
        Assert.Equal(!logsCheckpoints, error.StartsWith("gateway.json: a route demands Strict auditing, and no place is named here", StringComparison.Ordinal));
        Assert.Equal(logsCheckpoints, error.Length is 0);
    }

    private string Configure(string journal, string routes = "\"Routes\": {},")
    {
        var file = Path.Combine(_folder, "gateway.json");
        File.WriteAllText(file, $"{{ \"Gateway\": {{ {routes} \"Journal\": {{ {journal} }} }} }}");
        return file;
    }

    private SortedDictionary<string, string> Files() =>
        new(Directory.GetFileSystemEntries(_folder, "*", SearchOption.AllDirectories).ToDictionary(
            static path => path, static path => Directory.Exists(path) ? string.Empty : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))));
}
