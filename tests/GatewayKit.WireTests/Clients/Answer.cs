using System.Globalization;

namespace GatewayKit.WireTests.Clients;

/// <summary>One answer as it came over the wire.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Head">The head with its empty line.</param>
/// <param name="Body">The body without its framing.</param>
internal sealed record Answer(int Status, string Head, string Body)
{
    public bool IsInterim => Status is >= 100 and < 200 and not 101;

    /// <summary>The reason code of a problem; <see langword="null"/> if it is none.</summary>
    public string? Code
    {
        get
        {
            if (!Field("Content-Type").Any(static type => type.StartsWith("application/problem+json", StringComparison.Ordinal)))
            {
                return null;
            }

            using var problem = System.Text.Json.JsonDocument.Parse(Latin1.Bytes(Body));
            return problem.RootElement.GetProperty("code").GetString();
        }
    }

    public IEnumerable<string> Field(string name) => Fields(Head).Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static field => field.Value);

    /// <summary>How long the body is by its head; −1 for chunked, −2 for all up to the end of the connection.</summary>
    /// <exception cref="FormatException">The head is none that a strict reader takes.</exception>
    public static int LengthOf(string head, int status, bool toHead)
    {
        var fields = Fields(head).ToArray();
        var lengths = fields.Where(static field => field.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).ToArray();
        var codings = fields.Where(static field => field.Name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)).ToArray();
        if (lengths.Length + codings.Length > 1)
        {
            throw new FormatException($"The answer is framed twice: {Latin1.Show(head)}");
        }

        if (toHead || status is < 200 or 204 or 304)
        {
            return 0;
        }

        return codings.Length > 0 ? codings[0].Value is "chunked" ? -1 : throw new FormatException($"The answer has the coding '{codings[0].Value}'.")
            : lengths.Length > 0 ? int.Parse(lengths[0].Value, NumberStyles.None, CultureInfo.InvariantCulture)
            : -2;
    }

    public static int StatusOf(string head) =>
        head.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) && head.Length > 12 && head[12] is ' '
            && int.TryParse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : throw new FormatException($"This is no answer: {Latin1.Show(head)}");

    private static IEnumerable<(string Name, string Value)> Fields(string head)
    {
        foreach (var line in head.Split("\r\n")[1..^2])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line.AsSpan().IndexOfAny("\r\n\0") >= 0 || line[colon - 1] is ' ' or '\t')
            {
                throw new FormatException($"'{Latin1.Show(line)}' is no field.");
            }

            yield return (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
        }
    }
}
