using GatewayKit.ClientTests.Hosting;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.ClientTests.Standalone;

/// <summary>Standalone while it serves: its file changes, it is told to stop.</summary>
public sealed class ServingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Changed_file_is_served_and_a_bad_one_leaves_the_last_good_one_in_force()
    {
        await using var standalone = await StandaloneProcess.StartAsync(Answering("first"));
        using var client = new HttpClient { BaseAddress = standalone.Address };
        Assert.Equal("first", await client.GetStringAsync("/"));

        await ChangeAsync(standalone, Answering("second"), "Configuration 2 ");
        Assert.Equal("second", await client.GetStringAsync("/"));

        await ChangeAsync(standalone, """{ "Gateway": { "Rutes": {} } }""", "Gateway:Rutes");
        Assert.Equal("second", await client.GetStringAsync("/"));

        await ChangeAsync(standalone, """{ "Gateway": { """, "gateway.json");
        Assert.Equal("second", await client.GetStringAsync("/"));

        await ChangeAsync(standalone, Answering("third"), "Configuration 3 ");
        Assert.Equal("third", await client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Told_to_stop_it_ends_the_requests_in_flight_and_then_itself_with_0()
    {
        var (arrived, finish) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = await Upstream.StartAsync(app => app.MapGet("/slow", async () =>
        {
            arrived.SetResult();
            await finish.Task;
            return "done";
        }));
        await using var standalone = await StandaloneProcess.StartAsync(StandaloneProcess.ForwardAllTo(upstream.Address));
        using var client = new HttpClient { BaseAddress = standalone.Address };
        var request = client.GetStringAsync("/slow");
        await arrived.Task.WaitAsync(Limit);

        var stopping = standalone.WaitForLogAsync("shutting down");
        await standalone.TellToStopAsync();
        await stopping;
        finish.SetResult();

        Assert.Equal("done", await request.WaitAsync(Limit));
        Assert.Equal(0, await standalone.ExitCodeAsync());
    }

    [Fact]
    public async Task Development_certificate_serves_https_without_a_file()
    {
        await using var standalone = await StandaloneProcess.StartAsync(Answering("sealed"), ["https"], "--development-certificate");
        var run = await Command.RunAsync("curl", "--silent", "--show-error", "--noproxy", "*", "--insecure", standalone.Address.ToString());
        Assert.Equal("sealed", run.OutputOfSuccess());
    }

    private static string Answering(string body) =>
        $$$"""{ "Gateway": { "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Respond": { "Body": "{{{body}}}" } } } } }""";

    private static async Task ChangeAsync(StandaloneProcess standalone, string json, string logged)
    {
        var change = standalone.WaitForLogAsync(logged);
        await File.WriteAllTextAsync(standalone.ConfigurationFile, json);
        await change;
    }
}
