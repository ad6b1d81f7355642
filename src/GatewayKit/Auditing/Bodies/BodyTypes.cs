using GatewayKit.Pipeline;

namespace GatewayKit.Auditing.Bodies;

/// <summary>How a body is read.</summary>
internal enum BodyKind
{
    /// <summary>It is no text.</summary>
    None,

    /// <summary>JSON, also several values in a row.</summary>
    Json,

    /// <summary>The fields of a form, as in a query.</summary>
    Form,

    /// <summary>Any other text.</summary>
    Text,
}

/// <summary>The media types of bodies that an endpoint records, and what kind of text they are. Immutable.</summary>
/// <param name="types">The media types, as <see cref="AuditBody.ContentTypes"/> has them.</param>
internal sealed class BodyTypes(IReadOnlyList<string> types)
{
    private const string Streams = "text/event-stream";
    private const string Grpc = "application/grpc";

    private readonly string[] _types = [.. types];

    /// <summary>What is wrong with a media type of a setting, as the end of a sentence; <see langword="null"/> if nothing is.</summary>
    public static string? FaultOf(string? type)
    {
        if (type?.Split('/') is not [var main, var sub] || !HttpToken.Is(main) || !HttpToken.Is(sub) || main.Contains('*', StringComparison.Ordinal))
        {
            return "which is no media type without parameters. Write one such as 'application/json', 'application/*+json' or 'text/*'.";
        }

        if (sub.Contains('*', StringComparison.Ordinal) && !(sub is "*" && Is(main, "text")) && !(sub.StartsWith("*+", StringComparison.Ordinal) && sub.LastIndexOf('*') is 0))
        {
            return "whose '*' stands for too much. Write 'text/*', 'application/*+json' or 'application/*+xml'.";
        }

        return Is(type, Streams) || type.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase) ? "which is a stream, and streams are never recorded. Take it out."
            : KindOf(type) is BodyKind.None ? "which is not known as text. What can be recorded is JSON, XML, application/x-www-form-urlencoded and text/…."
            : null;
    }

    /// <summary>How a body of a content type is recorded: <see cref="BodyKind.None"/> if it is not.</summary>
    /// <param name="contentType">The field, with its parameters.</param>
    /// <param name="isForeign">Whether it is recorded and in a character set that is not read here.</param>
    public BodyKind Of(ReadOnlySpan<char> contentType, out bool isForeign)
    {
        isForeign = false;
        var end = contentType.IndexOf(';');
        var type = (end < 0 ? contentType : contentType[..end]).Trim();
        if (Is(type, Streams) || type.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase) || !Includes(type))
        {
            return BodyKind.None;
        }

        isForeign = end >= 0 && !IsUtf8(contentType[(end + 1)..]);
        return KindOf(type);
    }

    private static BodyKind KindOf(ReadOnlySpan<char> type)
    {
        var sub = type[(type.IndexOf('/') + 1)..];
        return type.StartsWith("application/", StringComparison.OrdinalIgnoreCase)
            ? Is(sub, "json") || sub.EndsWith("+json", StringComparison.OrdinalIgnoreCase) || Is(sub, "x-ndjson") || Is(sub, "jsonl") ? BodyKind.Json
                : Is(sub, "x-www-form-urlencoded") ? BodyKind.Form
                : Is(sub, "xml") || sub.EndsWith("+xml", StringComparison.OrdinalIgnoreCase) ? BodyKind.Text
                : BodyKind.None
            : !type.StartsWith("text/", StringComparison.OrdinalIgnoreCase) ? BodyKind.None
            : Is(sub, "json") ? BodyKind.Json
            : BodyKind.Text;
    }

    // UTF-8, and what is part of it. In others a number or a name looks otherwise, and no detector would know it.
    private static bool IsUtf8(ReadOnlySpan<char> parameters)
    {
        foreach (var range in parameters.Split(';'))
        {
            var parameter = parameters[range].Trim();
            if (parameter.StartsWith("charset", StringComparison.OrdinalIgnoreCase) && parameter["charset".Length..].Trim() is ['=', .. var value]
                && value.Trim().Trim('"') is var charset && !Is(charset, "utf-8") && !Is(charset, "utf8") && !Is(charset, "us-ascii"))
            {
                return false;
            }
        }

        return true;
    }

    private bool Includes(ReadOnlySpan<char> type)
    {
        foreach (var known in _types)
        {
            var star = known.IndexOf('*', StringComparison.Ordinal);
            if (star < 0 ? Is(type, known)
                : type.Length >= known.Length && type.StartsWith(known.AsSpan(0, star), StringComparison.OrdinalIgnoreCase) && type.EndsWith(known.AsSpan(star + 1), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Is(ReadOnlySpan<char> text, ReadOnlySpan<char> other) => text.Equals(other, StringComparison.OrdinalIgnoreCase);
}
