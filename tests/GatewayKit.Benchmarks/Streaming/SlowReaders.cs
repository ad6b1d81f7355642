using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using GatewayKit.Benchmarks.Compare;

namespace GatewayKit.Benchmarks.Streaming;

/// <summary>How much memory a gateway holds for clients that read more slowly than the service writes.</summary>
internal static class SlowReaders
{
    private const int Readers = 1_000;
    private const int Mebibytes = 10;

    // Small, so that the kernel does not take the answers off the gateway.
    private const int ReceiveBuffer = 65_536;
    private const double Mebibyte = 1_048_576;

    // Shorter than the grace of the server, which then drops a client that takes nothing.
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);

    public static string Title { get; } =
        $"{Readers:N0} readers of {Mebibytes} MiB, which stop for {Stall.TotalSeconds:F0} s and then read for {Duration.TotalSeconds:F0} s: resident memory of the gateway";

    public static async Task<string> MeasureAsync(Target target)
    {
        for (var i = 0; i < 100; i++)
        {
            await ReadAsync(target.Address, 1, TimeSpan.Zero, TimeSpan.Zero);
        }

        var before = target.ResidentBytes();
        using var done = new CancellationTokenSource();
        var peak = PeakAsync(target, done.Token);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => ReadAsync(target.Address, Mebibytes, Stall, Duration)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await done.CancelAsync();
        var (stalled, highest) = await peak;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"before {before / Mebibyte:F0} MiB, stalled +{(stalled - before) / Mebibyte:F0} MiB, at most +{(highest - before) / Mebibyte:F0} MiB, in {seconds:F0} s");
    }

    private static async Task<(long Stalled, long Highest)> PeakAsync(Target target, CancellationToken done)
    {
        var (started, stalled, highest) = (Stopwatch.GetTimestamp(), 0L, 0L);
        while (!done.IsCancellationRequested)
        {
            highest = Math.Max(highest, target.ResidentBytes());
            if (Stopwatch.GetElapsedTime(started) < Stall)
            {
                stalled = highest;
            }

            await Task.Delay(50, CancellationToken.None);
        }

        return (stalled, highest);
    }

    private static async Task ReadAsync(Uri address, int mebibytes, TimeSpan stall, TimeSpan duration)
    {
        using var client = new TcpClient { ReceiveBufferSize = ReceiveBuffer };
        await client.ConnectAsync(address.Host, address.Port);
        var request = $"GET /mebibytes/{mebibytes} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        await client.Client.SendAsync(System.Text.Encoding.ASCII.GetBytes(request));
        await Task.Delay(stall);
        var (buffer, read, total, started) = (new byte[16_384], 0, 0L, Stopwatch.GetTimestamp());
        while ((read = await ReceiveAsync(client.Client, buffer, total)) > 0)
        {
            total += read;
            var due = duration * (total / (mebibytes * Mebibyte)) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.FromMilliseconds(50))
            {
                await Task.Delay(due);
            }
        }

        if (total < mebibytes * Mebibyte)
        {
            throw new InvalidOperationException($"A reader got {total} bytes.");
        }
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] buffer, long total)
    {
        try
        {
            return await socket.ReceiveAsync(buffer);
        }
        catch (SocketException exception)
        {
            throw new InvalidOperationException($"A reader was cut off after {total:N0} bytes.", exception);
        }
    }
}
