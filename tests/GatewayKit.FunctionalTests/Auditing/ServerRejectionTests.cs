using System.Net;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>What the server refuses by itself, connection by connection.</summary>
public sealed class ServerRejectionTests
{
    // More than the server takes of one request.
    private const int Fields = 110;

    [Fact]
    public async Task Http1_connection_ends_with_its_first_refusal()
    {
        await using var host = await AuditedHost.StartAsync();
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            const string Broken = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
            await connection.SendAsync(Broken + Broken + Broken);
            Assert.Contains(" 400 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
            await Assert.ThrowsAnyAsync<IOException>(() => connection.ReadHeadAsync());
        }

        var refusal = Assert.Single(Refusals(await host.StopAndReadAsync()));
        Assert.False(refusal.TryGetProperty("n", out _));
    }

    // The server reads on after the answer, to where the next request begins.
    [Fact]
    public async Task Body_that_breaks_off_after_its_answer_is_part_of_a_record_and_no_refusal()
    {
        await using var host = await AuditedHost.StartAsync(map: static app => app.MapPost("/report", static () => "report").WithAuditing());
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync("POST /report HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
            await connection.SendAsync("none\r\n");
            await connection.ReadToEndAsync();
        }

        var lines = await host.StopAndReadAsync();
        Assert.Empty(Refusals(lines));
        Assert.Equal("ok", Assert.Single(lines, static line => line.GetProperty("kind").GetString() is "end").GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Refusal_of_a_head_behind_a_request_that_was_served_is_recorded()
    {
        await using var host = await AuditedHost.StartAsync();
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", await connection.ReadAnswerAsync(), StringComparison.Ordinal);
            await connection.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 400 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        }

        Assert.Single(Refusals(await host.StopAndReadAsync()));
    }

    [Fact]
    public async Task Refusals_of_an_http2_connection_are_told_of_together_and_none_is_forgotten()
    {
        const int Requests = 40;
        await using var host = await AuditedHost.StartAsync(protocols: HttpProtocols.Http2);
        using (var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = host.Gateway.Address, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact })
        {
            for (var request = 0; request < Requests; request++)
            {
                using var message = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
                for (var field = 0; field < Fields; field++)
                {
                    message.Headers.Add($"X-Field-{field}", "1");
                }

                using var answer = await client.SendAsync(message, TestContext.Current.CancellationToken);
                Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, answer.StatusCode);
            }
        }

        var refusals = Refusals(await host.StopAndReadAsync());
        Assert.InRange(refusals.Length, 2, Requests / 4);
        Assert.Equal(Requests, refusals.Sum(static refusal => refusal.TryGetProperty("n", out var count) ? count.GetInt32() : 1));
        Assert.Single(refusals.Select(static refusal => refusal.GetProperty("conn").GetString()).Distinct());
        Assert.All(refusals, static refusal => Assert.Equal(431, refusal.GetProperty("st").GetInt32()));
    }

    [Fact]
    public void First_refusal_is_told_of_at_once_the_others_every_ten_seconds_and_at_the_end()
    {
        var (time, told) = (new FakeTimeProvider(), new List<(int Status, long Count)>());
        using var closed = new CancellationTokenSource();
        var connection = new RejectedConnection(time, (rejection, count) => told.Add((rejection.Status, count)), closed.Token);
        connection.Add(new(400, null, null));
        connection.Add(new(431, null, null));
        connection.Add(new(431, null, null));
        Assert.Equal([(400, 1)], told);

        // Whether or not another one comes.
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([(400, 1), (431, 2)], told);
        connection.Add(new(408, null, null));
        Assert.Equal([(400, 1), (431, 2)], told);
        closed.Cancel();
        Assert.Equal([(400, 1), (431, 2), (408, 1)], told);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(3, told.Count);
    }

    private static JsonElement[] Refusals(IReadOnlyList<JsonElement> lines) =>
        [.. lines.Where(static line => line.TryGetProperty("event", out var name) && name.GetString() is "protocol_reject")];
}
