extern alias QuickStartApp;

using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace GatewayKit.SampleTests;

/// <summary>What the README invites to: QuickStart with its services at real ports, one of which is killed while requests go on.</summary>
public sealed class KillAndReviveTests : IDisposable
{
    private const string Clusters = "Gateway:Clusters:";

    private static readonly string[] Everybody = ["catalog-a", "catalog-b", "catalog-c"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LogLines _log = new();
    private readonly WebApplicationFactory<QuickStartApp::Program> _app;
    private readonly HttpClient _client;

    public KillAndReviveTests()
    {
        // Shorter times, and failures in a row count at the pace of a test as they do at that of curl.
        var settings = new Dictionary<string, string?>(QuickStartAddresses.Free())
        {
            [Clusters + "catalog:CircuitBreaker:OpenFor"] = "00:00:00.5",
            [Clusters + "catalog:CircuitBreaker:MaxOpenFor"] = "00:00:00.5",
            [Clusters + "catalog:CircuitBreaker:Recovery"] = "00:00:00.5",
            [Clusters + "catalog:CircuitBreaker:MinResults"] = "100000",
        };
        _app = new WebApplicationFactory<QuickStartApp::Program>()
            .WithWebHostBuilder(host => host
                .ConfigureAppConfiguration((_, configuration) => configuration.AddInMemoryCollection(settings))
                .ConfigureLogging(logging => logging.AddProvider(_log)));
        _client = _app.CreateClient();
    }

    public void Dispose()
    {
        _client.Dispose();
        _app.Dispose();
    }

    [Fact]
    public async Task A_service_that_is_killed_costs_no_request_and_comes_back()
    {
        Assert.Equal(Everybody, await AskAsync(6));
        using var end = new CancellationTokenSource();
        var asking = AskUntilAsync(end.Token);

        await DoAsync("kill");
        await UntilAsync("(Open|HalfOpen) ", most: 30);
        Assert.DoesNotContain("catalog-b", await AskAsync(60));

        await DoAsync("revive");
        await UntilAsync("Closed +in use", most: int.MaxValue);
        await end.CancelAsync();
        await asking;
        Assert.Equal(Everybody, await AskAsync(6));

        // Through the filters of the sample's own settings.
        string[] changes = ["Open for .+ before Closed", "HalfOpen, before Open", "Recovering, before HalfOpen", "Closed, before Recovering"];
        Assert.All(changes, change => Assert.Contains(_log.Lines, line => Regex.IsMatch(line, $"^Circuit of destination b of cluster catalog.*: {change}")));
    }

    [Fact]
    public async Task Nobody_can_kill_a_service_outside_development()
    {
        await using var app = _app.WithWebHostBuilder(static host => host
            .UseEnvironment("Production")
            .ConfigureAppConfiguration(static (_, configuration) => configuration.AddInMemoryCollection([.. QuickStartAddresses.Free(), new("Gateway:DrainDelay", "00:00:00")])));
        using var client = app.CreateClient();
        using var answer = await client.PostAsync("/demo/catalog-b/kill", null);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("catalog-b", await AllOfAsync(client));
    }

    private static async Task<string> AllOfAsync(HttpClient client)
    {
        var answers = string.Empty;
        for (var i = 0; i < 6; i++)
        {
            answers += await client.GetStringAsync("/catalog/who");
        }

        return answers;
    }

    [Fact]
    public async Task A_service_can_be_killed_and_revived_twice()
    {
        await DoAsync("kill");
        await DoAsync("kill");
        await DoAsync("revive");
        await DoAsync("revive");
        Assert.Equal(Everybody, await AskAsync(6));
    }

    [Fact]
    public async Task Who_is_not_there_cannot_be_killed()
    {
        using var answer = await _client.PostAsync("/demo/catalog-z/kill", null);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private async Task DoAsync(string what)
    {
        using var answer = await _client.PostAsync($"/demo/catalog-b/{what}", null);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    // GetStringAsync throws at anything but 200.
    private async Task<SortedSet<string>> AskAsync(int times)
    {
        var answers = new SortedSet<string>();
        for (var i = 0; i < times; i++)
        {
            answers.Add((await _client.GetStringAsync("/catalog/who")).Trim());
        }

        return answers;
    }

    private async Task AskUntilAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await AskAsync(1);
        }
    }

    private async Task UntilAsync(string circuit, int most)
    {
        var start = Stopwatch.GetTimestamp();
        for (var asked = 0; ; asked++)
        {
            var status = await _client.GetStringAsync("/demo");
            if (Regex.IsMatch(status, $"catalog-b +circuit {circuit}"))
            {
                return;
            }

            Assert.True(asked < most && Stopwatch.GetElapsedTime(start) < Patience, $"After {asked} more requests the status is\n{status}");
            await AskAsync(1);
        }
    }
}
