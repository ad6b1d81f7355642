using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>Nothing that a client writes into a head keeps its request out of the journal.</summary>
public sealed class AuditedHeadTests
{
    // No name: to be shown to people it would have to be decoded, which fails.
    private const string NoName = "xn--99999999999";

    [Theory]
    [InlineData("/route/a", 200, "ok")]
    [InlineData("/report", 200, "ok")]
    [InlineData("/other", 200, "ok")]
    [InlineData("/nothing", 404, "unmatched")]
    public async Task Name_of_a_host_that_is_none_is_recorded_as_it_came(string path, int status, string outcome)
    {
        await using var host = await AuditedHost.StartAsync(map: static app =>
        {
            app.MapGatewayRoute("/route/{**rest}", cluster: "up").WithAuditing();
            app.MapGet("/report", static () => "report").WithAuditing();
            app.MapGet("/other", static () => "other");
        });
        using (var connection = await RawConnection.ConnectAsync(host.Gateway.Address))
        {
            await connection.SendAsync($"GET {path} HTTP/1.1\r\nHost: {NoName}\r\n\r\n");
            Assert.StartsWith($"HTTP/1.1 {status} ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        }

        var lines = await host.StopAndReadRequestsAsync();
        Assert.Equal(["begin", "end"], lines.Select(static line => Text(line, "kind")));
        Assert.Equal((NoName, status, outcome), (Text(lines[0], "host"), lines[1].GetProperty("st").GetInt32(), Text(lines[1], "outcome")));
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
