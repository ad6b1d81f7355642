using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace GatewayKit.Benchmarks.Streaming;

/// <summary>How long it takes until the service knows that the client has closed its connection in the middle of an answer.</summary>
internal static class AbortRun
{
    private const int Aborts = 300;
    private const int WarmUp = 20;
    private static int _last;

    public static string Title { get; } = $"{Aborts} clients that leave in the middle of an answer: from the close to the service";

    public static async Task<Percentiles> MeasureAsync(Uri address, StreamingUpstream upstream)
    {
        var times = new List<double>();
        for (var i = 0; i < Aborts + WarmUp; i++)
        {
            var id = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(address.Host, address.Port);
            await client.Client.SendAsync(Encoding.ASCII.GetBytes($"GET /hold/{id} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
            await ReadToBodyAsync(client.GetStream());

            // Every second one resets the connection instead of ending it.
            client.LingerState = new(i % 2 == 0, 0);
            var closed = Stopwatch.GetTimestamp();
            client.Close();
            var noticed = await upstream.AbortedAsync(id);
            if (i >= WarmUp)
            {
                times.Add(Stopwatch.GetElapsedTime(closed, noticed).TotalMilliseconds);
            }
        }

        return Percentiles.Of(times);
    }

    private static async Task ReadToBodyAsync(NetworkStream stream)
    {
        var (buffer, text) = (new byte[4_096], "");
        while (!text.Contains("held", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer);
            text += read > 0 ? Encoding.ASCII.GetString(buffer, 0, read) : throw new InvalidOperationException($"The answer ended early: {text}");
        }
    }
}
