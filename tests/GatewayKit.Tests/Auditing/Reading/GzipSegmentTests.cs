using System.IO.Compression;
using System.Text;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Tests.Auditing.Reading;

public sealed class GzipSegmentTests
{
    // RFC 1952 §8; the check value of the CRC catalogue, and what a stream of the framework writes.
    [Fact]
    public void Checksum_is_that_of_gzip()
    {
        Assert.Equal(0xcbf43926, Crc32.Append(0, "123456789"u8));
        Assert.Equal(0xcbf43926, Crc32.Append(Crc32.Append(0, "1234"u8), "56789"u8));
        Assert.Equal(0u, Crc32.Append(0, []));
        var bytes = new byte[1_000];
        new Random(1).NextBytes(bytes);
        Assert.Equal(BitConverter.ToUInt32(Compress(bytes).AsSpan()[^8..^4]), Crc32.Append(0, bytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(300_000)]
    public void Content_is_read(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        Assert.Equal(bytes, Read(Compress(bytes)));
    }

    [Fact]
    public void What_follows_the_content_is_not_overlooked()
    {
        var file = Compress(Encoding.ASCII.GetBytes(new string('x', 10_000)));
        Assert.Throws<InvalidDataException>(() => Read([.. file, 0]));
        Assert.Throws<InvalidDataException>(() => Read([.. file, .. new byte[100_000]]));
        Assert.Throws<InvalidDataException>(() => Read([.. file, .. file]));
        Assert.Throws<InvalidDataException>(() => Read([.. file, .. file[^8..]]));
        Assert.Throws<InvalidDataException>(() => Read([.. file, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    }

    [Fact]
    public void Each_byte_that_is_cut_or_changed_is_found_but_the_one_that_names_the_system()
    {
        // Byte 8 says how hard it was compressed, byte 9 on which system: the content is the same. So are unused bits in front of the checksum.
        var content = Encoding.ASCII.GetBytes("a line\nanother line\n");
        var file = Compress(content);
        for (var length = 0; length < file.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Read(file[..length]));
        }

        for (var bit = 0; bit < file.Length * 8; bit++)
        {
            file[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                Assert.Equal(content, Read(file));
                Assert.True(bit / 8 is 8 or 9 || bit / 8 == file.Length - 9, $"bit {bit}");
            }
            catch (InvalidDataException)
            {
            }

            file[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    private static byte[] Read(byte[] file)
    {
        using var stream = new GzipSegment(new MemoryStream(file));
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return file.ToArray();
    }
}
