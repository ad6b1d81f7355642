using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>What tells questions apart: the SHA-256 of all that the service is told, each part with its length, so that no two of them run into each other.</summary>
internal static class QuestionHash
{
    // Of most requests; larger ones rent it.
    private const int Room = 1_024;

    public static TokenHash Of(AuthorizationQuestion question)
    {
        var most = MostBytes(question);
        byte[]? rented = null;
        var buffer = most <= Room ? stackalloc byte[Room] : rented = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            return TokenHash.OfBytes(buffer[..Write(question, buffer)]);
        }
        finally
        {
            // There are credentials in it.
            CryptographicOperations.ZeroMemory(buffer);
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private static int Write(AuthorizationQuestion question, Span<byte> buffer)
    {
        var at = 0;
        Add(question.Method, buffer, ref at);
        Add(question.Path, buffer, ref at);
        Add(question.Query, buffer, ref at);
        Add(question.Scheme, buffer, ref at);
        Add(question.Host, buffer, ref at);
        var (length, end) = (0, at + sizeof(int));
        question.Client?.TryWriteBytes(buffer[end..], out length);
        Count(length, buffer, ref at);
        at += length;
        foreach (var values in question.Fields)
        {
            Count(values.Count, buffer, ref at);
            foreach (var value in values)
            {
                Add(value, buffer, ref at);
            }
        }

        return at;
    }

    private static int MostBytes(AuthorizationQuestion question)
    {
        const int Address = 16;
        var most = Room / 4 + Address + Most(question.Method) + Most(question.Path) + Most(question.Query) + Most(question.Scheme) + Most(question.Host);
        foreach (var values in question.Fields)
        {
            most += sizeof(int);
            foreach (var value in values)
            {
                most += Most(value);
            }
        }

        return most;
    }

    private static int Most(string? text) => sizeof(int) + Encoding.UTF8.GetMaxByteCount(text?.Length ?? 0);

    private static void Add(string? text, Span<byte> buffer, ref int at)
    {
        if (text is null)
        {
            Count(-1, buffer, ref at);
            return;
        }

        var written = Encoding.UTF8.GetBytes(text, buffer[(at + sizeof(int))..]);
        Count(written, buffer, ref at);
        at += written;
    }

    private static void Count(int number, Span<byte> buffer, ref int at)
    {
        BinaryPrimitives.WriteInt32LittleEndian(buffer[at..], number);
        at += sizeof(int);
    }
}
