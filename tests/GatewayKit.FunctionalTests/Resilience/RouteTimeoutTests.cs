using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.FunctionalTests.Lifecycle;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Timeouts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Deadlines of gateway routes.</summary>
public sealed class RouteTimeoutTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("00:00:03", null, 3)]
    [InlineData("00:00:03", "00:00:10", 3)]
    [InlineData("00:00:10", "00:00:03", 3)]
    public async Task Shorter_of_route_and_cluster_ends_the_exchange(string route, string? cluster, int ends)
    {
        var asked = new SemaphoreSlim(0);
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            asked.Release();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await StartAsync(upstream.Address, route, cluster is null ? string.Empty : $", \"Timeouts\": {{ \"Total\": \"{cluster}\" }}");
        var asking = gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.True(await asked.WaitAsync(RawConnection.Limit));
        _time.Advance(TimeSpan.FromSeconds(ends) - TimeSpan.FromMilliseconds(1));
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("deadline-exceeded", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("text/event-stream", "", "", true)]
    [InlineData("text/event-stream", ", \"EndsStreams\": true", "", false)]
    [InlineData("text/plain", "", "", false)]

    // A total that the cluster was asked for ends streams at its own time, not at the route's.
    [InlineData("text/event-stream", "", ", \"Timeouts\": { \"Total\": \"00:00:05\" }", true)]
    [InlineData("text/event-stream", "", ", \"Timeouts\": { \"Total\": \"00:00:02\" }", false)]
    public async Task Answer_that_has_begun_is_cut_unless_it_is_a_stream(string type, string route, string cluster, bool goesOn)
    {
        await using var upstream = new EventSource($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\n");
        await using var gateway = await StartAsync(upstream.Address, "00:00:03", cluster, route);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var destination = await upstream.AcceptedAsync();
        await destination.SendAsync("data: first\n\n");
        await client.ReadThroughAsync("data: first");
        _time.Advance(TimeSpan.FromSeconds(3));
        if (goesOn)
        {
            await destination.SendAsync("data: later\n\n");
            await client.ReadThroughAsync("data: later");
        }
        else
        {
            Assert.DoesNotContain("0\r\n\r\n", await client.ReadToEndAsync());
        }
    }

    [Theory]
    [InlineData("""{ "Total": "00:00:00" }""", "Total is 00:00:00; it must be more than zero and at most 1.00:00:00.")]
    [InlineData("""{ "Total": "-00:00:01" }""", "more than zero")]
    [InlineData("""{ "Total": "2.00:00:00" }""", "at most 1.00:00:00")]
    [InlineData("""{ }""", "Total")]
    [InlineData("""{ "Total": "00:00:01", "Idle": "00:00:01" }""", "Idle")]
    public async Task Mistake_stops_the_start_and_names_its_path(string timeout, string words)
    {
        var error = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            $$"""{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": { "Status": 200 }, "Timeout": {{timeout}} } } }"""));
        var only = Assert.Single(error.Errors);
        Assert.StartsWith("Gateway:Routes:r:Timeout", only.Path, StringComparison.Ordinal);
        Assert.Contains(words, $"{only.Path} {only.Message}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistake_in_code_is_told_at_the_call()
    {
        await using var host = await TestHost.GatewayAsync(map: static app =>
            Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => app.MapGet("/", static () => "own").WithTimeout(TimeSpan.Zero)));
    }

    private Task<TestHost> StartAsync(Uri upstream, string total, string cluster, string route = "") => TestHost.GatewayAsync(
        $$"""
        {
          "Clusters": { "c": { "Destinations": { "a": { "Address": "{{upstream}}" } }{{cluster}} } },
          "Routes": { "r": { "Match": { "Path": "/{**rest}" }, "Cluster": "c", "Timeout": { "Total": "{{total}}"{{route}} } } }
        }
        """,
        builder => builder.Services.AddSingleton<TimeProvider>(_time));
}
