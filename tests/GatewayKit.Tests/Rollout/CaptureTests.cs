using System.IO.Pipelines;
using GatewayKit.Rollout.Mirroring;

namespace GatewayKit.Tests.Rollout;

/// <summary>Copies of bodies, whose readers must not notice.</summary>
public sealed class CaptureTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4_096)]
    public async Task What_is_read_through_a_pipe_is_captured_once_whatever_its_pieces(int piece)
    {
        var bytes = new byte[20_000];
        new Random(20260304).NextBytes(bytes);
        var (capture, done) = (new BodyCapture(20_000), 0);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var reader = new CapturingPipeReader(pipe.Reader, capture, () => done++);
        var reading = ReadAllAsync(reader, examineMore: piece > 1);
        foreach (var part in bytes.Chunk(piece))
        {
            await pipe.Writer.WriteAsync(part);
        }

        Assert.Equal(0, done);
        await pipe.Writer.CompleteAsync();
        Assert.Equal(bytes, await reading);
        Assert.Equal(bytes, capture.Bytes.ToArray());
        Assert.Equal(1, done);
    }

    [Fact]
    public async Task Reader_that_gives_up_has_not_consumed_the_body()
    {
        var done = 0;
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[10]);
        await pipe.Writer.CompleteAsync();
        var reader = new CapturingPipeReader(pipe.Reader, new(100), () => done++);
        var result = await reader.ReadAsync();
        reader.AdvanceTo(result.Buffer.GetPosition(4), result.Buffer.End);
        await reader.CompleteAsync();
        Assert.Equal(0, done);
    }

    [Fact]
    public async Task Stream_over_the_reader_captures_too()
    {
        var capture = new BodyCapture(100);
        var done = 0;
        var reader = new CapturingPipeReader(PipeReader.Create(new MemoryStream("hello"u8.ToArray())), capture, () => done++);
        await using var stream = reader.AsStream();
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        Assert.Equal("hello"u8.ToArray(), copy.ToArray());
        Assert.Equal("hello"u8.ToArray(), capture.Bytes.ToArray());
        Assert.Equal(1, done);
    }

    [Fact]
    public async Task Stream_of_an_answer_is_captured_up_to_the_size_and_read_beyond_it()
    {
        foreach (var (most, isTooLarge) in ((int, bool)[])[(1_000, false), (999, true)])
        {
            var capture = new BodyCapture(most);
            await using var stream = new CapturingStream(new MemoryStream(new byte[1_000]), capture);
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy, 64);
            Assert.Equal(1_000, copy.Length);
            Assert.Equal((isTooLarge, isTooLarge ? 0 : 1_000), (capture.IsTooLarge, capture.Bytes.Length));
        }
    }

    private static async Task<byte[]> ReadAllAsync(PipeReader reader, bool examineMore)
    {
        using var all = new MemoryStream();
        while (true)
        {
            var result = await reader.ReadAsync();
            var buffer = result.Buffer;
            if (examineMore && !result.IsCompleted && buffer.Length > 1)
            {
                // Takes a part and has looked at all, as a parser does.
                var taken = buffer.Slice(0, buffer.Length / 2);
                foreach (var segment in taken)
                {
                    all.Write(segment.Span);
                }

                reader.AdvanceTo(taken.End, buffer.End);
                continue;
            }

            foreach (var segment in buffer)
            {
                all.Write(segment.Span);
            }

            reader.AdvanceTo(buffer.End);
            if (result.IsCompleted)
            {
                return all.ToArray();
            }
        }
    }
}
