using System.Buffers;
using GatewayKit.Auditing.Records;

namespace GatewayKit.Auditing.Bodies;

/// <summary>Writes what a record has of bodies: <c>bodyIn</c> and <c>bodyOut</c>, with their length, and their beginning as text or why there is none.</summary>
internal static class BodyMembers
{
    // What masks and placeholders make of a body may be longer than it was.
    private const int MostCharacters = 3_072;

    // Keys, length and flags of one.
    private const int MostFrameBytes = 96;

    /// <summary>Writes them.</summary>
    /// <param name="record">The record, or its personal part.</param>
    /// <param name="request">The request.</param>
    /// <param name="isSealed">Whether what is written is encrypted.</param>
    public static void Write(ref RecordText record, AuditedRequest request, bool isSealed)
    {
        if (request.Endpoint.Bodies is not { } bodies)
        {
            return;
        }

        if (request.Bodies.Response is { } written && IsWhole(request, written))
        {
            written.Ended();
        }

        if (!isSealed && !bodies.MayBeInTheClear)
        {
            // The start refuses this. Whatever gets around it finds nothing in the clear.
            var hidden = new ReadBody(default, BodyOmission.Unencrypted, false);
            Write(ref record, ",\"bodyIn\":{"u8, request.Bodies.Request, hidden, 0);
            Write(ref record, ",\"bodyOut\":{"u8, request.Bodies.Response, hidden, 0);
            return;
        }

        // What nothing was kept of needs no search.
        IReadOnlyList<string>? secrets = [];
        if (request.Bodies.HasText && !RequestSecrets.TryFind(request, out secrets))
        {
            secrets = null;
        }

        var room = ArrayPool<char>.Shared.Rent((2 * MostCharacters) + bodies.MaxBytes);
        var bytes = ArrayPool<byte>.Shared.Rent(bodies.MaxBytes);
        try
        {
            var scratch = room.AsSpan(2 * MostCharacters);
            var first = request.Bodies.Request is { } body ? Read(body, bodies, secrets, bytes, room.AsSpan(0, MostCharacters), scratch) : default;
            var second = request.Bodies.Response is { Total: > 0 } answer ? Read(answer, bodies, secrets, bytes, room.AsSpan(MostCharacters, MostCharacters), scratch) : default;

            // Each has half of what there is, and what the other one does not need.
            var left = Math.Max(0, record.Remaining - (2 * MostFrameBytes));
            var need = RecordText.LengthOf(second.Text);
            Write(ref record, ",\"bodyIn\":{"u8, request.Bodies.Request, first, Math.Max(left / 2, left - need));
            Write(ref record, ",\"bodyOut\":{"u8, second.IsThere ? request.Bodies.Response : null, second, record.Remaining - MostFrameBytes);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(room, clearArray: true);
            ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        }
    }

    // Whether an answer without a length came to its end is known to whoever has written it.
    private static bool IsWhole(AuditedRequest request, BodyCapture answer) => request.HttpContext.Response.ContentLength is { } length
        ? length == answer.Total
        : !request.HasFailed && !request.HttpContext.RequestAborted.IsCancellationRequested && request.Context?.LatestAttempt is not { Record.IsCut: true };

    private static ReadBody Read(BodyCapture body, RecordedBodies bodies, IReadOnlyList<string>? secrets, Span<byte> bytes, Span<char> target, Span<char> scratch)
    {
        if (body.Omitted is { } known)
        {
            return new(default, known, false);
        }

        var kept = bytes[..body.CopyTo(bytes)];
        if (secrets is null && !kept.IsEmpty)
        {
            return new(default, BodyOmission.Credentials, false);
        }

        var isCut = body.Total > kept.Length || body.IsPart;
        var text = new BodyText(target, secrets ?? []);
        var isRead = body.Kind switch
        {
            _ when kept.IsEmpty => true,
            BodyKind.Json => JsonBody.TryWrite(kept, isCut, bodies.Masks, ref text, scratch),
            BodyKind.Form => FormBody.TryWrite(kept, isCut, bodies.Masks, ref text, scratch),
            _ => PlainBody.TryWrite(kept, isCut, ref text, scratch),
        };
        return isRead ? new(target[..text.Length], null, isCut || text.IsFull) : new(default, BodyOmission.Invalid, false);
    }

    private static void Write(ref RecordText record, ReadOnlySpan<byte> open, BodyCapture? body, ReadBody read, int room)
    {
        if (body is null)
        {
            return;
        }

        var (length, omitted) = (record.Length, record.Omitted);
        record.TryWrite(open);
        record.Number("\"n\":"u8, body.Total);
        if (body.IsPart)
        {
            record.TryWrite(",\"part\":true"u8);
        }

        if (read.Omitted is { } why)
        {
            record.String(",\"omitted\":"u8, why);
        }
        else if (!read.Text.IsEmpty)
        {
            var shown = record.Beginning(",\"text\":"u8, read.Text, room);
            if (shown < read.Text.Length || read.IsCut)
            {
                record.TryWrite(",\"cut\":true"u8);
            }
        }

        record.TryWrite("}"u8);
        record.TakeBack(length, omitted);
    }

    private readonly ref struct ReadBody(ReadOnlySpan<char> text, string? omitted, bool isCut)
    {
        public ReadOnlySpan<char> Text { get; } = text;

        public string? Omitted { get; } = omitted;

        public bool IsCut { get; } = isCut;

        public bool IsThere { get; } = true;
    }
}
