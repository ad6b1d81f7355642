using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace GatewayKit.Auditing.Personal;

/// <summary>Reads the personal parts of records, for whoever has the keys. Thread-safe.</summary>
/// <param name="keys">The keys.</param>
public sealed class AuditPersonalData(IAuditKeyStore keys)
{
    /// <summary>Reads the personal part of a line.</summary>
    /// <param name="line">The line, as it is in the journal.</param>
    /// <param name="boot">The boot that wrote it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The personal part: a JSON object. <see langword="null"/> if the line has none, or its key is gone: it was erased.</returns>
    /// <exception cref="InvalidDataException">The line is none of the journal's, or its personal part is not what was written.</exception>
    public async ValueTask<string?> ReadAsync(string line, Guid boot, CancellationToken cancellationToken = default)
    {
        var (id, part, context) = Parse(line);
        if (id is null || part is null || await keys.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } key)
        {
            return null;
        }

        try
        {
            using var data = new DataKey(key, boot);
            return Encoding.UTF8.GetString(data.Open(part, context));
        }
        catch (AuthenticationTagMismatchException exception)
        {
            throw new InvalidDataException("The personal part is not what was written, or belongs to another line or boot.", exception);
        }
    }

    /// <summary>What a personal part belongs to.</summary>
    internal static int WriteContext(Span<byte> context, ReadOnlySpan<byte> kind, string requestId)
    {
        kind.CopyTo(context);
        return kind.Length + Encoding.UTF8.GetBytes(requestId, context[kind.Length..]);
    }

    private static (string? Id, byte[]? Part, byte[] Context) Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            if (!root.TryGetProperty("pk", out var id) || !root.TryGetProperty("p", out var part))
            {
                return (null, null, []);
            }

            var bytes = Base64Url.DecodeFromChars(part.GetString());
            return bytes.Length >= DataKey.AddedBytes
                ? (id.GetString(), bytes, Encoding.UTF8.GetBytes(root.GetProperty("kind").GetString() + root.GetProperty("rid").GetString()))
                : throw new InvalidDataException("The personal part is too short to be one.");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException("This is no line of a journal with a personal part.", exception);
        }
    }
}
