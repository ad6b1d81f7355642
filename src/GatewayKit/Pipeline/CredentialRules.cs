using Microsoft.Extensions.Primitives;

namespace GatewayKit.Pipeline;

/// <summary>
/// One request has one credential of a kind. Of two, the gateway might check the one and the destination the other (CVE-2026-26308).
/// </summary>
internal static class CredentialRules
{
    public static bool AreDoubled(string name, StringValues values)
    {
        if (values.Count != 1)
        {
            return values.Count > 1;
        }

        var value = values.ToString();
        return value.Contains(',') && (!string.Equals(name, "Authorization", StringComparison.OrdinalIgnoreCase) || HasSecondCredential(value));
    }

    // Parameters of one scheme are joined by commas, each with an equals sign (RFC 9110 §11.4). Anything else behind a comma begins another.
    private static bool HasSecondCredential(ReadOnlySpan<char> text)
    {
        while (FindComma(text) is var comma and >= 0)
        {
            text = text[(comma + 1)..].TrimStart(" \t");
            var end = text.IndexOfAnyExcept(HttpToken.Characters);
            if (end <= 0 || text[end..].TrimStart(" \t") is not ['=', .. var value] || value.TrimStart(" \t") is not { IsEmpty: false } rest
                || (rest[0] is not '"' && !HttpToken.Characters.Contains(rest[0])))
            {
                return true;
            }
        }

        return false;
    }

    private static int FindComma(ReadOnlySpan<char> text)
    {
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    quoted = !quoted;
                    break;
                case '\\' when quoted:
                    i++;
                    break;
                case ',' when !quoted:
                    return i;
            }
        }

        return -1;
    }
}
