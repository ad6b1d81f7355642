using System.IO.Compression;

namespace GatewayKit.Rollout.Diffing;

/// <summary>Takes off a content coding, so that two compressors are no difference.</summary>
internal static class DecodedBody
{
    // A small body may decode into a huge one on purpose.
    private const int MostBytes = 8 << 20;

    /// <returns>The content; the bytes as they are if they are not of that coding, or too large without it.</returns>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> body, string? coding)
    {
        if (string.IsNullOrEmpty(coding) || body.IsEmpty)
        {
            return body;
        }

        try
        {
            using var source = new MemoryStream(body.ToArray());
            using Stream? decoder = coding.Trim().ToUpperInvariant() switch
            {
                "GZIP" or "X-GZIP" => new GZipStream(source, CompressionMode.Decompress),
                "BR" => new BrotliStream(source, CompressionMode.Decompress),
                "DEFLATE" => new ZLibStream(source, CompressionMode.Decompress),
                _ => null,
            };
            return decoder is null ? body : Read(decoder) ?? body;
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException)
        {
            return body;
        }
    }

    private static ReadOnlyMemory<byte>? Read(Stream decoder)
    {
        using var target = new MemoryStream();
        var buffer = new byte[16_384];
        while (decoder.Read(buffer) is var read and > 0)
        {
            if (target.Length + read > MostBytes)
            {
                return null;
            }

            target.Write(buffer.AsSpan(0, read));
        }

        return target.GetBuffer().AsMemory(0, (int)target.Length);
    }
}
