using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace GatewayKit.Chaos;

/// <summary>
/// One way of a connection. One task takes bytes as they come and notes when each is due, another passes them on; between them are 256 KiB at
/// most, so that who sends faster than it goes feels it.
/// </summary>
internal sealed class Relay(ChaosConnection connection, Socket from, Socket to, Flow flow)
{
    private const int ChunkBytes = 16 * 1024;
    private readonly Channel<Chunk> _chunks = Channel.CreateBounded<Chunk>(new BoundedChannelOptions(16) { SingleReader = true, SingleWriter = true });
    private readonly Random _random = connection.Proxy.CreateRandom(connection.Number, flow);
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _passed;

    public Task RunAsync() => Task.WhenAll(GuardAsync(ReceiveAsync()), GuardAsync(PassOnAsync()));

    private async Task GuardAsync(Task half)
    {
        try
        {
            await half;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One way that is broken breaks the other.
            connection.Reset($"reset, {flow} after {_passed} bytes: {exception.Message}");
        }
    }

    private async Task ReceiveAsync()
    {
        long latest = 0;
        while (true)
        {
            var buffer = new byte[ChunkBytes];
            int count;
            try
            {
                count = await from.ReceiveAsync(buffer, connection.Over);
            }
            catch (SocketException exception)
            {
                // A reset overtakes what is on its way.
                connection.Reset($"reset by the sender of {flow}: {exception.SocketErrorCode}");
                throw;
            }

            latest = Math.Max(latest, Stopwatch.GetTimestamp() + Ticks(DrawLatency()));
            await _chunks.Writer.WriteAsync(new(buffer.AsMemory(0, count), latest), connection.Over);
            if (count == 0)
            {
                return;
            }
        }
    }

    private async Task PassOnAsync()
    {
        await CutAsync();
        while (true)
        {
            var chunk = await _chunks.Reader.ReadAsync(connection.Over);
            do
            {
                await WaitAsync(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), chunk.Due));
            }
            while (await HoldAsync());

            if (chunk.Bytes.IsEmpty)
            {
                await EndAsync();
                return;
            }

            await PassOnAsync(chunk.Bytes);
        }
    }

    private async Task PassOnAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty && !connection.IsClosing)
        {
            var slicer = Find<Slicer>();
            var bandwidth = Find<Bandwidth>();
            var size = slicer is null ? bytes.Length : Math.Clamp(slicer.Size + _random.Next(-slicer.Variation, slicer.Variation + 1), 1, bytes.Length);

            // Twenty pieces a second, so that a slow line is slow rather than stalled.
            size = bandwidth is null ? size : (int)Math.Clamp(bandwidth.BytesPerSecond / 20, 1, size);
            size = (int)Math.Min(size, Left());
            if (bandwidth is not null)
            {
                await WaitAsync(TimeSpan.FromSeconds(size / (double)bandwidth.BytesPerSecond));
            }

            for (var piece = bytes[..size]; !piece.IsEmpty;)
            {
                piece = piece[await to.SendAsync(piece, connection.Over)..];
            }

            _passed += size;
            bytes = bytes[size..];
            await CutAsync();
            if (slicer is not null)
            {
                await WaitAsync(slicer.Delay);
            }
        }
    }

    // How much passes before something cuts the connection.
    private long Left() => Math.Max(0, Math.Min(Find<DataLimit>()?.Bytes ?? long.MaxValue, Find<Reset>()?.Bytes ?? long.MaxValue) - _passed);

    private async Task CutAsync()
    {
        if (Find<Reset>() is { } reset && _passed >= reset.Bytes)
        {
            await WaitAsync(reset.Delay);
            connection.Reset($"reset after {_passed} bytes of {flow}");
            connection.Over.ThrowIfCancellationRequested();
        }

        if (Find<DataLimit>() is { } limit && _passed >= limit.Bytes)
        {
            connection.Close($"close after {_passed} bytes of {flow}");
        }
    }

    private async Task<bool> HoldAsync()
    {
        var held = false;
        while (connection.Proxy.Find<BlackHole>(flow, connection.Number, out var changed) is { } hole)
        {
            if (!held)
            {
                connection.Log($"hold {flow}");
                held = true;
            }

            try
            {
                await changed.WaitAsync(hole.CloseAfter, connection.Over);
            }
            catch (TimeoutException)
            {
                connection.Close($"close: {flow} held for {hole.CloseAfter}");
                return false;
            }
        }

        return held;
    }

    private async Task EndAsync()
    {
        await WaitAsync(Find<SlowClose>()?.Delay ?? TimeSpan.Zero);
        connection.Log($"end of {flow} after {_passed} bytes in {Stopwatch.GetElapsedTime(_start).TotalSeconds:0.000} s");
        if (!connection.IsClosing)
        {
            to.Shutdown(SocketShutdown.Send);
        }
    }

    private TimeSpan DrawLatency() => Find<Latency>() is { } latency ? latency.Delay + (latency.Jitter * ((2 * _random.NextDouble()) - 1)) : TimeSpan.Zero;

    private T? Find<T>()
        where T : Toxic => connection.Proxy.Find<T>(flow, connection.Number, out _);

    private Task WaitAsync(TimeSpan time) => time > TimeSpan.Zero ? Task.Delay(time, connection.Over) : Task.CompletedTask;

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private readonly record struct Chunk(ReadOnlyMemory<byte> Bytes, long Due);
}
