using System.Diagnostics;
using System.Globalization;

namespace GatewayKit.Benchmarks.Streaming;

/// <summary>How long an event takes from the write at the service to the client.</summary>
internal static class TickRun
{
    private const int Streams = 20;
    private const int Ticks = 500;
    private const int Milliseconds = 20;
    private const int WarmUpTicks = 50;

    public static string Title { get; } = $"{Streams} streams of server-sent events, one each {Milliseconds} ms: from the write to the client";

    public static async Task<Percentiles> MeasureAsync(Uri address)
    {
        using var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var times = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => ReadAsync(client, address)));
        return Percentiles.Of(times.SelectMany(static stream => stream.Skip(WarmUpTicks)));
    }

    private static async Task<List<double>> ReadAsync(HttpMessageInvoker client, Uri address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"/ticks/{Ticks + WarmUpTicks}/{Milliseconds}"));
        using var response = await client.SendAsync(request, CancellationToken.None);
        using var reader = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync());
        var times = new List<double>();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                times.Add(Stopwatch.GetElapsedTime(long.Parse(line.AsSpan(6), CultureInfo.InvariantCulture)).TotalMilliseconds);
            }
        }

        return times.Count == Ticks + WarmUpTicks ? times : throw new InvalidOperationException($"{times.Count} events arrived.");
    }
}
