using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Http2;

/// <summary>Sends one case in one segmentation and asks every oracle.</summary>
internal sealed class FrameRun(FrameLane lane, FrameCase test)
{
    private const int Sibling = 1;
    private const string SiblingPath = "/sibling";

    // Fields of one connection, and those by which the version of the client would show.
    private static readonly string[] Never = ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "HTTP2-Settings", ":method", ":path", ":scheme", ":authority", ":protocol"];

    public static async Task RunAsync(FrameLane lane, FrameCase test, Segmentation segmentation)
    {
        try
        {
            await new FrameRun(lane, test).RunAsync(segmentation);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{test.Id}, cut {segmentation}: {exception.Message}\n{Latin1.Show(test.Bytes)}", exception);
        }
    }

    private async Task RunAsync(Segmentation segmentation)
    {
        using var client = await Http2Client.ConnectAsync(lane.Gateway);
        await client.SendAsync(Frames.Headers(Sibling, Http2Client.Post(SiblingPath)));
        await client.SendAsync(test.Bytes, segmentation);

        // (a) What the client reads.
        var isOver = false;
        switch (test.Expected)
        {
            case Expected.ConnectionError expected:
                Assert.Equal(expected.Code, await client.TakeEndAsync());
                isOver = true;
                break;
            case Expected.StreamError expected:
                var message = await client.TakeAnswerAsync(FrameCase.Stream);
                Assert.True(message.ResetCode == expected.Code, $"Not reset with {expected.Code}: {message}");
                break;
            case Expected.Refused expected:
                Check(await client.TakeAnswerAsync(FrameCase.Stream), expected);
                break;
            case Expected.Forwarded expected:
                var answer = await client.TakeAnswerAsync(FrameCase.Stream);
                Assert.True(
                    answer.IsComplete && answer.Status == 200 && answer.Data == EchoUpstream.EchoOf(expected.Method, expected.Target, expected.Body.Length),
                    $"Not answered by the destination: {answer}");
                break;
        }

        // (c) The stream beside it ends as if nothing had been, and the connection takes the next.
        if (!isOver)
        {
            await client.SendAsync(Frames.Data(Sibling, "x", end: true));
            var sibling = await client.TakeAnswerAsync(Sibling);
            Assert.True(sibling.IsComplete, $"The stream beside it: {sibling}");
            Assert.Equal(EchoUpstream.EchoOf("POST", SiblingPath, 1), sibling.Data);
            var next = await client.AskAsync(test.NextStream, Http2Client.Get("/next"));
            Assert.Equal(EchoUpstream.EchoOf("GET", "/next", 0), next.Data);
        }

        client.Dispose();

        // (e) Everything is back where it was; then (b): bytes at the destination.
        await lane.Gateway.SettleAsync(connections: 1);
        var (requests, broken, faults) = await lane.Upstream.TakeAsync();
        Assert.Empty(faults);
        CheckDestination(requests, broken, isOver);

        // (d) Another client.
        await lane.NeighbourIsServedAsync();
        Assert.Empty(lane.Gateway.TakeErrors());
    }

    private static void Check(Message answer, Expected.Refused expected)
    {
        Assert.True(answer.IsComplete && answer.Status == expected.Status, $"Not answered with {expected.Status}: {answer}");
        if (expected.Code is null)
        {
            Assert.Equal(string.Empty, answer.Data);
            return;
        }

        using var problem = System.Text.Json.JsonDocument.Parse(Latin1.Bytes(answer.Data));
        Assert.Equal(expected.Code, problem.RootElement.GetProperty("code").GetString());
    }

    private void CheckDestination(IReadOnlyList<RecordedRequest> requests, IReadOnlyList<string> broken, bool isOver)
    {
        var forwarded = test.Expected as Expected.Forwarded;
        Assert.Equal(
            ((string?[])[forwarded is null ? null : $"{forwarded.Method} {forwarded.Target}", isOver ? null : $"POST {SiblingPath}", isOver ? null : "GET /next"]).OfType<string>().Order(),
            requests.Select(static request => $"{request.Method} {request.Target}").Where(line => !test.MayArrive || !line.EndsWith(" /case", StringComparison.Ordinal)).Order());

        // The upload beside it breaks off with its connection, and never looks complete.
        foreach (var begun in broken)
        {
            Assert.True(
                (isOver && begun.StartsWith($"POST {SiblingPath} ", StringComparison.Ordinal)) || test.MayBreakOff,
                $"The destination got the beginning of a request: {Latin1.Show(begun)}");
        }

        if (forwarded is null)
        {
            return;
        }

        var seen = requests.Single(request => request.Target == forwarded.Target);
        Assert.Equal(forwarded.Body, Latin1.Text(seen.Body));
        foreach (var name in Never.Concat(forwarded.Without))
        {
            Assert.True(seen[name].Length == 0, $"The destination got {name}: {string.Join(" | ", seen[name])}");
        }

        var lines = seen.Fields.Select(static field => $"{field.Name}: {field.Value}").ToArray();
        foreach (var line in forwarded.With)
        {
            Assert.Contains(line, lines);
        }
    }
}
