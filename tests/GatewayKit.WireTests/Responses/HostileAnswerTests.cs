using System.Net;
using System.Text.Json;
using GatewayKit.Pipeline;
using GatewayKit.WireTests.Clients;
using GatewayKit.WireTests.Upstreams;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GatewayKit.WireTests.Responses;

/// <summary>
/// Answers that break the protocol or lean on it, each in many segmentations, with another client's request over the same pool after
/// each one. A piece is sent when the gateway has read the one before.
/// </summary>
public sealed class HostileAnswerTests : IAsyncLifetime
{
    // Of a head that is far too large the gateway reads no more than this anyway.
    private const int MostCut = 100_000;
    private const int WaysOverHttp2 = 8;

    private readonly WatchedConnections _connections = new();
    private ScriptedUpstream _upstream = null!;
    private RecordingGateway _gateway = null!;
    private RecordingGateway _http2 = null!;
    private HostileAnswer _answer = null!;
    private IReadOnlyList<string> _pieces = [];
    private int _usedConnection;
    private int _canaryConnection;

    public static TheoryData<string> Names => [.. HostileAnswers.All.Select(static answer => answer.Name)];

    public async ValueTask InitializeAsync()
    {
        _upstream = ScriptedUpstream.Start(RunAsync);
        _gateway = await RecordingGateway.StartAsync(_upstream.Address, gateway: gateway => _connections.Watch(gateway, "up"));
        _http2 = await RecordingGateway.StartAsync(_upstream.Address, gateway: gateway => _connections.Watch(gateway, "up"), protocol: HttpProtocols.Http2);
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _http2.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Theory]
    [Trait("Fault", "U11")]
    [Trait("Fault", "U12")]
    [Trait("Fault", "U17")]
    [MemberData(nameof(Names))]
    public async Task Client_gets_what_is_right_and_nobody_else_gets_any_of_it(string name)
    {
        _answer = HostileAnswers.All.Single(answer => answer.Name == name);
        var (first, rest) = (_answer.Bytes[..Math.Min(MostCut, _answer.Bytes.Length)], _answer.Bytes[Math.Min(MostCut, _answer.Bytes.Length)..]);
        using var other = await AnswerReader.ConnectAsync(_gateway.Address);
        foreach (var way in Segmentation.Of(first))
        {
            _pieces = Pieces(way, first, rest);
            using var client = await AnswerReader.ConnectAsync(_gateway.Address);
            Check(await client.GetAsync("/hostile", _answer.Method));
            var canary = await other.GetAsync("/canary");
            Assert.Equal((200, "canary"), (canary.Status, canary.Body));
            if (!_answer.IsReusable)
            {
                Assert.NotEqual(_usedConnection, _canaryConnection);
            }
        }

        // Where the borders of the pieces fall is the same code for both clients; these are the ways that differ most.
        using var http2 = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });
        foreach (var way in Segmentation.Of(first).Take(WaysOverHttp2))
        {
            _pieces = Pieces(way, first, rest);
            Check(await GetOverHttp2Async(http2));
        }

        _gateway.MustBecomeQuiet();
        _http2.MustBecomeQuiet();
        Assert.DoesNotContain(_gateway.Records.Lines.Concat(_http2.Records.Lines), static line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    // What is behind the answer comes with its end: later, it could come after the next request was sent, and would be the answer to
    // that one, as any destination can answer as it likes.
    private string[] Pieces(Segmentation way, string first, string rest)
    {
        List<string> pieces = [.. way.Split(first)];
        if (rest.Length > 0)
        {
            pieces.Add(rest);
        }

        var (at, kept) = (0, 0);
        while (at + pieces[kept].Length < _answer.End)
        {
            at += pieces[kept++].Length;
        }

        return _answer.End == 0 ? [.. pieces] : [.. pieces[..kept], _answer.Bytes[at..]];
    }

    // The same to a client whose abort is a reset of its stream, and who can be sent trailers.
    private async Task<ReceivedAnswer> GetOverHttp2Async(HttpMessageInvoker client)
    {
        using var request = new HttpRequestMessage(new(_answer.Method), new Uri(_http2.Address, "/hostile")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var limit = new CancellationTokenSource(ScriptedUpstream.Limit);
        using var answer = await client.SendAsync(request, limit.Token);
        var (body, isWhole) = (string.Empty, true);
        try
        {
            body = Latin1.Text(await answer.Content.ReadAsByteArrayAsync(limit.Token));
        }
        catch (HttpRequestException)
        {
            isWhole = false;
        }

        var fields = answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated).Concat(answer.TrailingHeaders.NonValidated);
        return new((int)answer.StatusCode, [.. fields.SelectMany(static field => field.Value.Select(value => (field.Key, value)))], body, isWhole);
    }

    private void Check(ReceivedAnswer answer)
    {
        foreach (var absent in _answer.Absent)
        {
            Assert.Empty(answer[absent]);
        }

        if (_answer.Status != 0)
        {
            Assert.Equal((_answer.Status, _answer.Body, true), (answer.Status, answer.Body, answer.IsWhole));
            Assert.All(_answer.Present, present => Assert.Contains(present, answer.Fields.Select(static field => $"{field.Name}: {field.Value}"), StringComparer.OrdinalIgnoreCase));
        }
        else if (answer.Status == 502)
        {
            CheckProblem(answer);
        }
        else
        {
            Assert.True(_answer.MayBeCut, $"The client got {answer.Status}.");
            Assert.False(answer.IsWhole, $"A broken answer looks whole: {answer.Status} {answer.Body}");
        }
    }

    // Nothing but what the catalogue says: no text of an exception, no address.
    private void CheckProblem(ReceivedAnswer answer)
    {
        Assert.True(answer.IsWhole);
        Assert.Equal(["application/problem+json"], answer["Content-Type"]);
        if (_answer.Method == "HEAD")
        {
            return;
        }

        var problem = JsonDocument.Parse(answer.Body).RootElement;
        Assert.Equal(["type", "title", "status", "code", "traceId"], problem.EnumerateObject().Select(static member => member.Name));
        var code = problem.GetProperty("code").GetString();
        Assert.Contains(code, _answer.Codes);
        var reason = code == RejectionReason.UpstreamReset.Code ? RejectionReason.UpstreamReset : RejectionReason.UpstreamProtocol;
        Assert.Equal((reason.Title, 502), (problem.GetProperty("title").GetString(), problem.GetProperty("status").GetInt32()));
    }

    private async Task RunAsync(UpstreamConnection connection)
    {
        while (true)
        {
            var request = await connection.ReadRequestAsync();
            if (request.Target == "/canary")
            {
                _canaryConnection = connection.Number;
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary");
                continue;
            }

            _usedConnection = connection.Number;
            await connection.SendAsync(_pieces, _connections);
            if (_answer.Then is Then.Resets)
            {
                connection.Reset();
            }

            if (_answer.Then is not Then.StaysOpen)
            {
                return;
            }
        }
    }
}
