using System.Threading.Channels;
using GatewayKit.ClientTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.ClientTests.Node;

/// <summary>The EventSource of npm's <c>eventsource</c> → Standalone → a service that sends events.</summary>
public sealed class EventSourceTests
{
    [Fact]
    public async Task Events_arrive_one_by_one_and_a_lost_connection_resumes_after_the_last_one()
    {
        var seen = Channel.CreateUnbounded<bool>();
        var resumedAfter = new List<string?>();
        await using var upstream = await Upstream.StartAsync(app =>
        {
            app.MapPost("/seen", () => seen.Writer.TryWrite(true));
            app.MapGet("/events", async (HttpContext context) =>
            {
                var lastId = context.Request.Headers["Last-Event-ID"].FirstOrDefault();
                resumedAfter.Add(lastId);
                var next = int.Parse(lastId ?? "0") + 1;
                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync("retry: 10\n\n");

                // Two events on each connection, the second only after the client has shown that it saw the first.
                for (var id = next; id < next + 2; id++)
                {
                    await context.Response.WriteAsync($"id: {id}\nevent: tick\ndata: number {id}\n\n");
                    await context.Response.Body.FlushAsync();
                    await seen.Reader.ReadAsync(context.RequestAborted);
                }
            });
        });
        await using var standalone = await StandaloneProcess.StartAsync(StandaloneProcess.ForwardAllTo(upstream.Address));

        var events = await NodeClient.RunAsync("eventsource.mjs", new Uri(standalone.Address, "/events").ToString(), "4");

        Assert.Equal(Enumerable.Range(1, 4).Select(static id => $$"""{"id":"{{id}}","data":"number {{id}}"}"""), events);
        Assert.Equal([null, "2"], resumedAfter);
    }
}
