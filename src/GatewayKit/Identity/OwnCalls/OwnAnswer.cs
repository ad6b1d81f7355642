namespace GatewayKit.Identity.OwnCalls;

/// <summary>What a server answers to the gateway's own questions.</summary>
internal static class OwnAnswer
{
    /// <summary>Reads a body.</summary>
    /// <param name="content">The body.</param>
    /// <param name="mostBytes">How many bytes it may have.</param>
    /// <param name="cancellationToken">Cancelled when its time is over.</param>
    /// <returns><see langword="null"/> if it has more.</returns>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, int mostBytes, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > mostBytes)
        {
            return null;
        }

        using var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var buffer = new byte[Math.Min(4_096, mostBytes + 1)];
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return buffer.AsMemory(0, length);
            }

            length += read;
            if (length > mostBytes)
            {
                return null;
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(2 * length, mostBytes + 1));
            }
        }
    }
}
