using System.Net;
using System.Text;
using GatewayKit.Throttling.Replay;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Tests.Throttling.Replay;

/// <summary>Replays of a few records.</summary>
internal static class Replays
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static IConfigurationSection Section(string gateway) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Gateway": {{gateway}} }""")))
        .Build()
        .GetSection("Gateway");

    /// <summary>A gateway with one route, <c>r</c>.</summary>
    public static IConfigurationSection Route(string limits) =>
        Section($$"""{ "Routes": { "r": { "Match": { "Path": "/r" }, "Respond": { "Body": "" }, {{limits}} } } }""");

    public static AccessRecord At(double seconds, string client = "192.0.2.1", string route = "r") =>
        new() { Time = Start.AddSeconds(seconds), Route = route, Client = IPAddress.Parse(client) };

    public static Task<ReplayReport> RunAsync(IConfiguration section, IEnumerable<AccessRecord> records, LimitReplayOptions? options = null) =>
        LimitReplay.RunAsync(section, records.ToAsyncEnumerable(), options, TestContext.Current.CancellationToken);

    public static AccessLog Log(string lines, List<MalformedLine>? malformed = null) =>
        new(new MemoryStream(Encoding.UTF8.GetBytes(lines)), "log") { OnMalformed = line => malformed?.Add(line) };

    public static async Task<List<AccessRecord>> ReadAsync(this IAsyncEnumerable<AccessRecord> records) =>
        await records.ToListAsync(TestContext.Current.CancellationToken);
}
