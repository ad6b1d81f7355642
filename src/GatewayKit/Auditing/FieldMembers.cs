using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace GatewayKit.Auditing;

/// <summary>Writes what a record has of fields and of the query: those that a policy names, and of these no credential.</summary>
internal static class FieldMembers
{
    /// <summary>Writes fields of a head: <c>hdr</c>.</summary>
    public static void WriteHeaders(ref RecordText text, RecordedName[] names, IHeaderDictionary fields, GatewayContext? context)
    {
        var isOpen = false;
        foreach (var name in names)
        {
            // A credential of the gateway may have any name.
            if (fields.TryGetValue(name.Name, out var values) && values.Count > 0 && context?.Withheld.Contains(name.Name) is not true)
            {
                isOpen |= TryWriteMember(ref text, ",\"hdr\":{"u8, name, values.Count is 1 ? values[0] : values.ToString(), isOpen);
            }
        }

        if (isOpen)
        {
            text.Close((byte)'}');
        }
    }

    /// <summary>Writes values of a query: <c>q</c>.</summary>
    public static void WriteQuery(ref RecordText text, RecordedName[] keys, QueryString query)
    {
        var isOpen = false;
        foreach (var key in query.HasValue ? keys : [])
        {
            foreach (var pair in new QueryStringEnumerable(query.Value))
            {
                if (pair.DecodeName().Span.Equals(key.Name, StringComparison.OrdinalIgnoreCase))
                {
                    isOpen |= TryWriteMember(ref text, ",\"q\":{"u8, key, pair.DecodeValue().Span, isOpen);
                    break;
                }
            }
        }

        if (isOpen)
        {
            text.Close((byte)'}');
        }
    }

    private static bool TryWriteMember(ref RecordText text, ReadOnlySpan<byte> open, RecordedName name, ReadOnlySpan<char> value, bool isOpen)
    {
        var (length, omitted) = (text.Length, text.Omitted);
        if (!isOpen)
        {
            text.TryWrite(open);
        }

        text.String(isOpen ? name.Next : name.First, value);
        return !text.TakeBack(length, omitted);
    }
}
