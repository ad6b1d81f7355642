using System.Diagnostics;
using GatewayKit.AuditTests.Load;

namespace GatewayKit.AuditTests.Sinks;

/// <summary>Asks one thing after the other and tells what it is answered, which is in the log of the clients as well.</summary>
internal sealed class Probe(Uri gateway, RunLog log) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = gateway };

    /// <summary>The configuration of a gateway that records everything and has little room set aside.</summary>
    public static string Configuration(string delivery, string journal, Uri upstream) => $$"""
        {
          "Gateway": {
            "DrainDelay": "00:00:00",
            "Journal": { "Directory": "{{journal}}", "Instance": "one", "MaxInFlight": 64, "LogCheckpoints": true },
            "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream}}" } } } },
            "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Cluster": "up", "Audit": { "Delivery": "{{delivery}}", "RequestHeaders": [ "x-test-id" ] } } }
          }
        }
        """;

    /// <summary>Asks until it is answered so.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> UntilAsync(int status)
    {
        var start = Stopwatch.GetTimestamp();
        while (await AskAsync() != status)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Wire.Limit, $"It never answered {status}.");
        }

        return Stopwatch.GetElapsedTime(start);
    }

    public async Task<int> AskAsync()
    {
        var id = $"probe-{Guid.NewGuid():N}";
        log.Sent(id, "GET", "whole");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/{id}", UriKind.Relative)) { Headers = { { "x-test-id", id } } };
        using var answer = await _client.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();
        log.Seen(id, (int)answer.StatusCode, "whole", body.AsSpan().IndexOf("audit-unavailable"u8) >= 0 ? "audit-unavailable" : Body.DigestOf(body));
        return (int)answer.StatusCode;
    }

    public void Dispose() => _client.Dispose();
}
