using System.Globalization;
using System.Text;

namespace GatewayKit.Identity.Signatures;

/// <summary>Writes structured fields in their one form (RFC 9651 §4.1).</summary>
internal static class StructuredFieldWriter
{
    /// <summary>Writes an item or an inner list with its parameters.</summary>
    /// <exception cref="ArgumentException">A text has a character that no structured field can have.</exception>
    public static string Write(StructuredMember member)
    {
        var text = new StringBuilder();
        Append(text, member);
        return text.ToString();
    }

    /// <inheritdoc cref="Write(StructuredMember)"/>
    public static void Append(StringBuilder text, StructuredMember member)
    {
        if (member.Items is { } items)
        {
            text.Append('(');
            for (var i = 0; i < items.Count; i++)
            {
                Append(i == 0 ? text : text.Append(' '), items[i]);
            }

            text.Append(')');
        }
        else
        {
            AppendBare(text, member.Value);
        }

        foreach (var (key, value) in member.Parameters)
        {
            text.Append(';').Append(key);
            if (value is not true)
            {
                AppendBare(text.Append('='), value);
            }
        }
    }

    /// <summary>Writes a member of a dictionary.</summary>
    public static string Write(string key, StructuredMember member)
    {
        var text = new StringBuilder(key);
        if (member.Value is true)
        {
            Append(text, member);
            text.Remove(key.Length, 2);
            return text.ToString();
        }

        Append(text.Append('='), member);
        return text.ToString();
    }

    private static void AppendBare(StringBuilder text, object value)
    {
        switch (value)
        {
            case long whole:
                text.Append(CultureInfo.InvariantCulture, $"{whole}");
                break;
            case decimal number:
                text.Append(decimal.Round(number, 3, MidpointRounding.ToEven).ToString("0.0##", CultureInfo.InvariantCulture));
                break;
            case string content:
                AppendString(text, content);
                break;
            case StructuredToken token:
                text.Append(token.Text);
                break;
            case byte[] bytes:
                text.Append(':').Append(Convert.ToBase64String(bytes)).Append(':');
                break;
            case bool yes:
                text.Append(yes ? "?1" : "?0");
                break;
            case DateTimeOffset date:
                text.Append(CultureInfo.InvariantCulture, $"@{date.ToUnixTimeSeconds()}");
                break;
            default:
                throw new ArgumentException($"A {value.GetType().Name} cannot stand in a structured field.", nameof(value));
        }
    }

    private static void AppendString(StringBuilder text, string content)
    {
        if (content.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw new ArgumentException("A text in a structured field is of printable ASCII characters (RFC 9651 §3.3.3).", nameof(content));
        }

        text.Append('"');
        foreach (var c in content)
        {
            if (c is '"' or '\\')
            {
                text.Append('\\');
            }

            text.Append(c);
        }

        text.Append('"');
    }
}
