using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Hosting;
using GatewayKit.WireTests.Upstreams;

namespace GatewayKit.WireTests.Http1;

/// <summary>Sends one case in one segmentation and asks every oracle.</summary>
internal sealed class RequestRun(Lane lane, RequestCase request)
{
    // What concerns one connection, or only the gateway may say, reaches no destination whatever a client sends.
    private static readonly string[] Never =
        ["Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "TE", "Trailer", "HTTP2-Settings", "Expect", "X-Content-Length"];

    private bool IsOver => request.Ending is Ending.Closed or Ending.Left;

    public static async Task RunAsync(Lane lane, RequestCase request, Segmentation segmentation)
    {
        try
        {
            await new RequestRun(lane, request).RunAsync(segmentation);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{request.Id}, cut {segmentation}: {exception.Message}\n{Latin1.Show(request.Bytes)}", exception);
        }
    }

    private async Task RunAsync(Segmentation segmentation)
    {
        using var client = await ScriptedClient.ConnectAsync(lane.Gateway);
        await client.SendAsync(request.Bytes, segmentation);
        if (request.AfterContinue is { } rest)
        {
            await client.ExpectAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await client.SendAsync(rest, segmentation with { Cuts = [.. segmentation.Cuts.Where(cut => cut < rest.Length)] });
        }

        if (request.HalfCloses)
        {
            client.HalfClose();
        }

        // (a) Bytes at the client.
        foreach (var expected in request.Answers)
        {
            if (!await IsAnsweredAsync(client, expected))
            {
                break;
            }
        }

        if (request.Ending is Ending.Closed)
        {
            await client.ExpectClosedAsync();
        }

        if (IsOver)
        {
            client.Dispose();
        }

        // (e) Everything is back where it was; then (b): bytes at the destination. A connection that may be closed may be so at any moment from here on.
        await lane.Gateway.SettleAsync(connections: IsOver ? 1 : null);
        var (requests, broken, faults) = await lane.Upstream.TakeAsync();
        CheckDestination(requests, broken, faults);

        // (c) The next request of the same client, (d) one of another client.
        if (!IsOver)
        {
            await IsServedOrClosedAsync(client);
            client.Dispose();
            await lane.Gateway.SettleAsync(connections: 1);
        }

        await lane.NeighbourIsServedAsync();
        var errors = lane.Gateway.TakeErrors();
        if (!request.LogsError)
        {
            Assert.Empty(errors);
        }
    }

    private async Task<bool> IsAnsweredAsync(ScriptedClient client, ExpectedAnswer expected)
    {
        Answer answer;
        try
        {
            do
            {
                answer = await client.TakeAnswerAsync(toHead: expected.Forwarded?.Method is "HEAD");
            }
            while (answer.Status == 100 && MayBeContinued(expected));
        }
        catch (EndOfStreamException) when (request.MayBeSilent)
        {
            return false;
        }

        Assert.NotEqual(500, answer.Status);
        Assert.True(expected.Statuses.Contains(answer.Status), $"The answer is {answer.Status} {answer.Code}, not {string.Join(" or ", expected.Statuses)} {expected.Code}.");
        if (expected.Code is not "*")
        {
            Assert.Equal(expected.Code, answer.Code ?? (expected.Code is null ? null : string.Empty));
        }

        switch (expected)
        {
            case { Forwarded: { Method: not "HEAD" } forwarded }:
                Assert.Equal(EchoUpstream.EchoOf(forwarded.Method, forwarded.Target, forwarded.Body?.Length ?? 0), answer.Body);
                break;
            case { Code: "" }:
                Assert.Equal(string.Empty, answer.Body);
                break;
        }

        return true;
    }

    // Who sends the body at once may get the interim answer or not (RFC 9110 §10.1.1); who is refused must not.
    private bool MayBeContinued(ExpectedAnswer expected) =>
        expected.Forwarded is not null && request.Bytes.Contains("100-continue", StringComparison.OrdinalIgnoreCase);

    private void CheckDestination(IReadOnlyList<RecordedRequest> requests, IReadOnlyList<string> broken, IReadOnlyList<string> faults)
    {
        Assert.Empty(faults);
        if (!request.MayBreakOff)
        {
            Assert.Empty(broken);
        }

        var expected = request.Answers.Where(static answer => answer.Forwarded is not null).Select(static answer => answer.Forwarded!).ToArray();
        Assert.Equal(
            expected.Select(static message => $"{message.Method} {message.Target}"),
            requests.Select(static message => $"{message.Method} {message.Target}"));
        var version = request.Bytes.Contains(" HTTP/1.0\r\n", StringComparison.Ordinal) ? "1.0" : "1.1";
        foreach (var (message, seen) in expected.Zip(requests))
        {
            Check(message, seen, version);
        }
    }

    private void Check(ForwardedMessage expected, RecordedRequest seen, string version)
    {
        var lines = seen.Fields.Select(static field => $"{field.Name}: {field.Value}").ToArray();
        Assert.Equal(expected.Body ?? string.Empty, Latin1.Text(seen.Body));
        Assert.Equal(expected.IsChunked, seen.IsChunked);
        if (!expected.IsChunked)
        {
            // A method that usually has a content says that there is none (RFC 9110 §8.6); the others say nothing.
            Assert.Equal(expected.Body?.Length ?? (expected.Method is "GET" or "HEAD" or "OPTIONS" or "DELETE" ? null : 0), seen.Length);
        }

        Assert.Equal(expected.IsUpgrade ? ["Upgrade", "websocket"] : [], seen["Connection"].Concat(seen["Upgrade"]));
        foreach (var name in Never.Concat(expected.Without))
        {
            Assert.True(seen[name].Length == 0, $"The destination got {name}: {string.Join(" | ", seen[name])}");
        }

        foreach (var line in expected.With)
        {
            Assert.Contains(line, lines);
        }

        // The gateway's own fields, whatever the client said of them.
        Assert.Equal(lane.Upstream.Address.Authority, Assert.Single(seen["Host"]));
        Assert.Equal("127.0.0.1", Assert.Single(seen["X-Forwarded-For"]));
        Assert.Equal("http", Assert.Single(seen["X-Forwarded-Proto"]));
        Assert.EndsWith($"{version} gatewaykit", seen["Via"][^1]);
    }

    private async Task IsServedOrClosedAsync(ScriptedClient client)
    {
        try
        {
            await lane.IsServedAsync(client, "client");
        }
        catch (InvalidOperationException exception) when (request.Ending is Ending.Either && exception.InnerException is EndOfStreamException)
        {
            await client.ExpectClosedAsync();
            _ = await lane.Upstream.TakeAsync();
        }
    }
}
