using System.Buffers;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Auditing.Bodies;

public sealed class BodyCaptureTests
{
    [Fact]
    public void Body_of_any_length_takes_the_memory_of_its_beginning()
    {
        var capture = Captured("application/json", maxBytes: 2_048);
        var piece = new byte[65_536];
        capture.Append(piece);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < 16_384; i++)
        {
            capture.Passed(new ReadOnlySequence<byte>(piece));
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_024);
        Assert.Equal((1L << 30, 2_048), (capture.Total, capture.CopyTo(new byte[2_048])));
    }

    [Fact]
    public void What_comes_after_the_record_was_written_is_nowhere()
    {
        var capture = Captured("application/json", maxBytes: 64);
        capture.Append("first"u8);
        capture.Close();
        capture.Append("late"u8);
        Assert.Equal(0, capture.CopyTo(new byte[64]));
        capture.Close();
    }

    [Theory]
    [InlineData("application/json", null, null)]
    [InlineData("application/json", "identity", null)]
    [InlineData("application/json", "gzip", "encoding")]
    [InlineData("application/json", "identity, br", "encoding")]
    [InlineData("text/plain", null, "content-type")]
    [InlineData(null, null, "content-type")]
    [InlineData("application/json; charset=utf-16le", null, "charset")]
    public void Body_that_is_not_shown_is_not_kept_either(string? contentType, string? coding, string? omitted)
    {
        var capture = new BodyCapture(new(new AuditBody { Request = true, MaxBytes = 64 }));
        capture.Look(contentType, coding is null ? default : new(coding.Split(", ")));
        capture.Append("{}"u8);
        Assert.Equal((omitted, 2L, omitted is null ? 2 : 0), (capture.Omitted, capture.Total, capture.CopyTo(new byte[64])));
        capture.Close();
    }

    [Fact]
    public async Task Stream_that_goes_back_is_counted_once()
    {
        var capture = Captured("application/json", maxBytes: 64);
        await using var stream = new TappedStream(new MemoryStream("{\"a\":1}"u8.ToArray()), capture);
        var buffer = new byte[4];
        await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken);
        stream.Position = 0;
        for (var i = 0; i < 3; i++)
        {
            stream.Seek(i, SeekOrigin.Begin);
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);
            Assert.Equal(7 - i, copy.Length);
        }

        var kept = new byte[64];
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString(kept, 0, capture.CopyTo(kept)));
        Assert.True(capture.HasEnded && capture.Total is 7);
    }

    // As older libraries read; a server refuses whoever reads synchronously.
    [Fact]
    public async Task Stream_that_is_read_by_callbacks_is_read_asynchronously()
    {
        var capture = Captured("application/json", maxBytes: 64);
        using var inner = new MemoryStream();
        inner.Write("{\"a\":1}"u8);
        inner.Position = 0;
        await using var stream = new TappedStream(new ServerStream(inner), capture);
        var buffer = new byte[16];
        Assert.Equal(7, await Task.Factory.FromAsync(stream.BeginRead, stream.EndRead, buffer, 0, buffer.Length, null));
        Assert.Equal(0, await Task.Factory.FromAsync(stream.BeginRead, stream.EndRead, buffer, 0, buffer.Length, null));
        Assert.True(capture.HasEnded && capture.Total is 7);
        await Task.Factory.FromAsync(stream.BeginWrite, stream.EndWrite, buffer, 0, 7, null);
        Assert.Equal(14, inner.Length);
    }

    [Fact]
    public void Text_in_a_record_is_cut_between_characters_and_stays_JSON()
    {
        const string Value = "a\"\\\u0001<\u00E9\uD83D\uDE00\uD83D.";
        var whole = RecordText.LengthOf(Value);
        for (var room = 0; room < whole + 40; room++)
        {
            var bytes = new byte[200];
            var text = new RecordText(bytes);
            text.TryWrite("{\"a\":1"u8);
            var before = text.Length;
            var shown = text.Beginning(",\"t\":"u8, Value, room);
            Assert.True(text.Length - before <= room);
            text.Close((byte)'}');
            var json = JsonElement.Parse(bytes.AsSpan(0, text.Length));
            Assert.DoesNotContain(bytes.AsSpan(0, text.Length).ToArray(), static one => one is < 32 or > 126);
            Assert.Equal(shown > 0 ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Value[..shown])) : string.Empty, json.TryGetProperty("t", out var value) ? value.GetString() : string.Empty);
            Assert.Equal(room >= whole + 5, shown == Value.Length);
        }
    }

    // Refuses whatever is not asynchronous.
    private sealed class ServerStream(MemoryStream inner) : ForwardOnlyStream
    {
        public override bool CanRead => true;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);
    }

    private static BodyCapture Captured(string contentType, int maxBytes)
    {
        var capture = new BodyCapture(new(new AuditBody { Request = true, MaxBytes = maxBytes }));
        capture.Look(contentType, default);
        return capture;
    }
}
