using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using GatewayKit.Throttling.Replay;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.FunctionalTests.Throttling.Replay;

/// <summary>The code and the example that docs/replay.md shows. With GATEWAYKIT_REWRITE=1 its outputs are written anew.</summary>
public sealed class DocumentedReplayTests
{
    [Fact]
    public async Task Output_of_the_example_is_what_the_page_shows()
    {
        var page = await File.ReadAllTextAsync(PageFile(), TestContext.Current.CancellationToken);
        var report = await LimitReplay.RunAsync(Section(page), Log(page), cancellationToken: TestContext.Current.CancellationToken);
        var comparison = await LimitReplay.CompareAsync(Section(page), Section(page, "\"Burst\": 2"), Log(page), cancellationToken: TestContext.Current.CancellationToken);
        var written = With(With(page, "output", report.ToString()), "comparison", comparison.ToString().Split("\n\n")[0]);
        if (Environment.GetEnvironmentVariable("GATEWAYKIT_REWRITE") is "1")
        {
            await File.WriteAllTextAsync(PageFile(), written, TestContext.Current.CancellationToken);
            page = written;
        }

        Assert.Equal(page, written);
    }

    [Fact]
    public async Task Code_of_the_page_reads_a_report()
    {
        var page = await File.ReadAllTextAsync(PageFile(), TestContext.Current.CancellationToken);
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(BlockOf(page, "file: access.jsonl")));
        Assert.Equal(2, (await ShowAsync(stream, Configuration(BlockOf(page, "file: gateway.json")))).Total.Refused);
    }

    private static async Task<ReplayReport> ShowAsync(Stream stream, IConfiguration configuration)
    {
        var log = new AccessLog(stream, "access.jsonl") { OnMalformed = Console.Error.WriteLine };
        ReplayReport report = await LimitReplay.RunAsync(configuration.GetSection("Gateway"), log);

        foreach (var route in report.Routes)
        {
            foreach (var limit in route.Policies.Where(limit => limit.Keys.Count > 0))
            {
                Console.WriteLine($"{route.Route}, {limit.Name}: {limit.Refused} of {limit.Seen}, most of them of {limit.Keys[0].Key}");
            }
        }

        return report;
    }

    private static IConfigurationSection Section(string page, string burst = "\"Burst\": 3") =>
        Configuration(BlockOf(page, "file: gateway.json").Replace("\"Burst\": 3", burst, StringComparison.Ordinal)).GetSection("Gateway");

    private static IConfigurationRoot Configuration(string json) => new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();

    private static AccessLog Log(string page) => new(new MemoryStream(Encoding.UTF8.GetBytes(BlockOf(page, "file: access.jsonl"))), "access.jsonl");

    private static string BlockOf(string page, string name) => Block(name).Match(page).Groups["text"].Value;

    private static string With(string page, string name, string text) =>
        Block(name).Replace(page, match => $"{match.Groups["head"].Value}{string.Join('\n', text.TrimEnd().Split('\n').Select(static line => line.TrimEnd()))}\n```");

    private static Regex Block(string name) => new($"(?<head><!-- {Regex.Escape(name)} -->\n```[a-z]*\n)(?<text>.*?)```", RegexOptions.Singleline);

    private static string PageFile([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "../../../../docs/replay.md");
}
