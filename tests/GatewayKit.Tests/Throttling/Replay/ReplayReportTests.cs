using System.Runtime.CompilerServices;
using System.Text.Json;
using GatewayKit.Throttling.Replay;
using static GatewayKit.Tests.Throttling.Replay.Replays;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>What a report looks like: run with GATEWAYKIT_REWRITE=1 to write the approved files anew.</summary>
public sealed class ReplayReportTests
{
    private const string Gateway = """
        {
          "Routes": {
            "orders": {
              "Match": { "Path": "/orders" },
              "Respond": { "Body": "" },
              "Throttle": [{ "RequestsPerSecond": 1, "Burst": 2 }, { "RequestsPerSecond": 2, "Burst": 3, "Partition": "Header:X-Tenant", "Mode": "Shadow" }],
              "Quota": { "Limit": 18, "Window": { "Calendar": "Day" }, "Partition": "Route" },
              "Bulkhead": { "MaxInFlight": 10, "Queue": 5 }
            },
            "alive": { "Match": { "Path": "/alive" }, "Respond": { "Body": "" } }
          }
        }
        """;

    private static readonly string Lines = string.Join('\n',
    [
        .. Enumerable.Range(0, 12).Select(static i => $$$"""{"time":"2026-03-01T12:00:{{{i / 2:00}}}Z","route":"orders","client":"192.0.2.{{{i % 3}}}","headers":{"X-Tenant":"t{{{i % 2}}}"},"duration":0.2}"""),
        .. Enumerable.Range(0, 12).Select(static i => $$$"""{"time":"2026-03-01T13:00:00.{{{i}}}Z","route":"orders","client":"192.0.2.{{{i % 4}}}","headers":{"X-Tenant":"t\u001b[2J"},"status":429,"reason":"rate-limited"}"""),
        """{"time":"2026-03-01T13:00:05Z","route":"alive"}""",
        """{"time":"2026-03-01T13:00:05Z","route":"gone"}""",
        "no record",
    ]);

    [Theory]
    [InlineData("Report.approved.txt")]
    [InlineData("Report.approved.json")]
    [InlineData("Comparison.approved.txt")]
    public async Task Report_is_the_approved_one(string name)
    {
        var file = Path.Combine(Folder(), name);
        var text = name.StartsWith("Comparison", StringComparison.Ordinal)
            ? (await LimitReplay.CompareAsync(Section(Gateway), Section(Gateway.Replace("\"Burst\": 2", "\"Burst\": 1", StringComparison.Ordinal)), Log(Lines), cancellationToken: TestContext.Current.CancellationToken)).ToString()
            : await LimitReplay.RunAsync(Section(Gateway), Log(Lines), cancellationToken: TestContext.Current.CancellationToken) is var report && name.EndsWith("json", StringComparison.Ordinal) ? report.ToJson() : report.ToString();
        if (Environment.GetEnvironmentVariable("GATEWAYKIT_REWRITE") is "1")
        {
            await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), text);
    }

    [Fact]
    public async Task Json_says_what_the_report_says()
    {
        var report = await LimitReplay.RunAsync(Section(Gateway), Log(Lines), cancellationToken: TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(report.Total.Refused, json.RootElement.GetProperty("total").GetProperty("refused").GetInt64());
        Assert.Equal(report.Total.Allowed, json.RootElement.GetProperty("total").GetProperty("allowed").GetInt64());
        Assert.Equal(report.Routes.Count, json.RootElement.GetProperty("routes").GetArrayLength());
    }

    [Fact]
    public async Task Nothing_in_a_text_steers_a_terminal()
    {
        var report = await LimitReplay.RunAsync(Section(Gateway), Log(Lines), cancellationToken: TestContext.Current.CancellationToken);
        Assert.DoesNotContain('\u001b', report.ToString());
        Assert.Contains("t?[2J", report.ToString());
    }

    [Fact]
    public async Task Counts_of_all_parts_agree()
    {
        var report = await LimitReplay.RunAsync(Section(Gateway), Log(Lines), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(report.Total.Requests, report.Routes.Sum(static route => route.Counts.Requests));
        Assert.Equal(report.Total.Requests, report.Buckets.Sum(static bucket => bucket.Counts.Requests));
        Assert.Equal(report.Total.Refused, report.Routes.Sum(static route => route.Policies.Sum(static policy => policy.Refused)));
        Assert.All(report.Routes.SelectMany(static route => route.Policies), static policy => Assert.Equal(policy.Refused + policy.WouldRefuse, policy.Keys.Sum(static key => key.Refusals)));
    }

    private static string Folder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
