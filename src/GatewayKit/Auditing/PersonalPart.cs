using System.Buffers.Text;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;

namespace GatewayKit.Auditing;

/// <summary>
/// The personal part of a line, encrypted: <c>pk</c> is the id of the key, <c>p</c> nonce, ciphertext and tag in base64url. It belongs to the line's kind and request and is read nowhere else. Without a key there is
/// <c>pLost</c> instead.
/// </summary>
internal static class PersonalPart
{
    // So that what clients make long leaves room for the rest of a line.
    private const int MostBytes = 1_280;
    private const int MostBytesWithBodies = 2_880;
    private const int LeastBytes = 64;

    // Keys and quotes of pk and p.
    private const int MostFrameBytes = 24;
    private const int MostContextBytes = 64;

    private static ReadOnlySpan<byte> Start => "{\"v\":1"u8;

    public static void WriteBegin(ref RecordText text, AuditedRequest request, GatewayConsumer? consumer)
    {
        Span<byte> plain = stackalloc byte[MostBytes];
        var (http, personal) = (request.HttpContext, request.Trail.Personal);
        var part = new RecordText(plain[..^1]);
        part.TryWrite(Start);
        if (personal.Seals(PersonalField.Consumer))
        {
            AuditLines.WriteCaller(ref part, PersonalData.Plain, consumer);
        }

        if (personal.Seals(PersonalField.Address) && http.Connection.RemoteIpAddress is { } address)
        {
            part.Address(",\"src\":"u8, personal.ShownAddress(address));
            if (request is { AddressTrust: AddressTrust.Forwarded, Peer: { } peer })
            {
                part.Address(",\"peer\":"u8, personal.ShownAddress(peer));
            }
        }

        if (personal.Seals(PersonalField.UserAgent))
        {
            AuditLines.WriteAgent(ref part, http);
        }

        if (personal.Seals(PersonalField.Headers))
        {
            FieldMembers.WriteHeaders(ref part, request.Endpoint.RequestHeaders, http.Request.Headers, request.Context);
        }

        if (personal.Seals(PersonalField.Query))
        {
            FieldMembers.WriteQuery(ref part, request.Endpoint.QueryKeys, http.Request.QueryString);
        }

        if (part.Length > Start.Length || part.Omitted > 0)
        {
            Seal(ref text, request, "begin"u8, plain, part.End());
        }
    }

    public static void WriteEnd(ref RecordText text, AuditedRequest request, bool hasFields)
    {
        // Bodies have what is left of the line.
        Span<byte> plain = request.Bodies.Any ? stackalloc byte[MostBytesWithBodies] : stackalloc byte[MostBytes];
        if (request.Bodies.Any)
        {
            plain = plain[..Math.Clamp(((text.Remaining - MostFrameBytes - (request.DataKey?.Id.Length ?? 0)) * 3 / 4) - DataKey.AddedBytes, LeastBytes, plain.Length)];
        }

        var part = new RecordText(plain[..^1]);
        part.TryWrite(Start);
        if (hasFields)
        {
            FieldMembers.WriteHeaders(ref part, request.Endpoint.ResponseHeaders, request.HttpContext.Response.Headers, context: null);
        }

        if (request.Bodies.Any)
        {
            BodyMembers.Write(ref part, request, isSealed: true);
        }

        if (part.Length > Start.Length || part.Omitted > 0)
        {
            Seal(ref text, request, "end"u8, plain, part.End());
        }
    }

    private static void Seal(ref RecordText text, AuditedRequest request, scoped ReadOnlySpan<byte> kind, scoped Span<byte> plain, int length)
    {
        plain[length++] = (byte)'}';
        Span<byte> context = stackalloc byte[MostContextBytes];
        var contextLength = AuditPersonalData.WriteContext(context, kind, request.Id);
        Span<byte> part = length <= MostBytes ? stackalloc byte[MostBytes + DataKey.AddedBytes] : stackalloc byte[MostBytesWithBodies + DataKey.AddedBytes];
        part = part[..(length + DataKey.AddedBytes)];
        if (request.DataKey is not { } key || !key.TrySeal(plain[..length], context[..contextLength], request.Trail.Personal.Keys!.NextNumber(), part))
        {
            text.TryWrite(",\"pLost\":true"u8);
            return;
        }

        Span<byte> encoded = length <= MostBytes ? stackalloc byte[((MostBytes + DataKey.AddedBytes) * 4 / 3) + 4] : stackalloc byte[((MostBytesWithBodies + DataKey.AddedBytes) * 4 / 3) + 4];
        Base64Url.EncodeToUtf8(part, encoded, out _, out var written);
        var (before, omitted) = (text.Length, text.Omitted);
        text.Verbatim(",\"pk\":"u8, key.Id);
        text.Verbatim(",\"p\":"u8, encoded[..written]);
        text.TakeBack(before, omitted);
    }
}
