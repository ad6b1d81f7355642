using System.Security.Claims;
using System.Text.Json;

namespace GatewayKit.Identity.Introspection;

/// <summary>What a server says of a token (RFC 7662 §2.2), read strictly: what two readers could read differently is no answer.</summary>
/// <param name="Principal">Who the token is of; <see langword="null"/> if it is not active.</param>
/// <param name="Audiences">Who it is for.</param>
/// <param name="Issuer">Who issued it.</param>
/// <param name="NotBefore">From when on it counts.</param>
/// <param name="ExpiresAt">Until when.</param>
/// <param name="Fault">Why it is no bearer token that gives access, whatever else it is.</param>
internal sealed record IntrospectionAnswer(
    ClaimsPrincipal? Principal, IReadOnlyList<string> Audiences, string? Issuer, DateTimeOffset? NotBefore, DateTimeOffset? ExpiresAt, string? Fault)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };
    private static readonly IntrospectionAnswer Inactive = new(null, [], null, null, null, null);

    /// <summary>Reads an answer with status 200.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="server">What the server is called: the issuer of what it says.</param>
    /// <returns><see langword="null"/> if it is none.</returns>
    public static IntrospectionAnswer? Read(ReadOnlyMemory<byte> body, string server)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Strict);
            var root = json.RootElement;
            return root.ValueKind is not JsonValueKind.Object || !root.TryGetProperty("active", out var active) ? null
                : active.ValueKind is JsonValueKind.False ? Inactive
                : active.ValueKind is JsonValueKind.True ? ReadActive(root, server)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The message has a piece of the text.
            return null;
        }
    }

    private static IntrospectionAnswer? ReadActive(JsonElement root, string server)
    {
        // What of these is there has to be what it should be, or nobody knows what the server means.
        if (!TryText(root, "iss", out var issuer) || !TryText(root, "token_type", out var type) || !TryText(root, "sub", out _) || !TryText(root, "client_id", out _)
            || !TryTexts(root, "aud", out var audiences) || !TryTexts(root, "scope", out _) || !TryDate(root, "exp", out var expiresAt) || !TryDate(root, "nbf", out var notBefore))
        {
            return null;
        }

        var claims = new List<Claim>();
        foreach (var member in root.EnumerateObject())
        {
            if (!member.NameEquals("active"u8))
            {
                Add(claims, member.Name, member.Value, server);
            }
        }

        return new(new(new ClaimsIdentity(claims, server, "sub", "roles")), audiences, issuer, notBefore, expiresAt, FaultOf(root, type));
    }

    // A server says "active" of whatever it has issued. One for another key or certificate than comes with it was stolen (RFC 9449 §7.2, RFC 8705 §3), and one that is there to get others gives no access.
    private static string? FaultOf(JsonElement root, string? type) =>
        root.TryGetProperty("cnf", out _) ? "bound"
        : type is not null && !type.Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? "token-type"
        : IsOtherUse(root, "token_use") || IsOtherUse(root, "token_usage") || (root.TryGetProperty("typ", out var typ) && typ.ValueKind is JsonValueKind.String && typ.GetString() is "Refresh" or "Offline" or "ID") ? "token-use"
        : null;

    private static bool IsOtherUse(JsonElement root, string name) => root.TryGetProperty(name, out var use) && !(use.ValueKind is JsonValueKind.String && use.GetString() is "access_token" or "access");

    private static void Add(List<Claim> claims, string name, JsonElement value, string server)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    if (item.ValueKind is not JsonValueKind.Array)
                    {
                        Add(claims, name, item, server);
                    }
                }

                break;
            case JsonValueKind.Null:
                break;
            case JsonValueKind.String:
                claims.Add(new(name, value.GetString()!, ClaimValueTypes.String, server));
                break;
            case JsonValueKind.True or JsonValueKind.False:
                claims.Add(new(name, value.GetRawText(), ClaimValueTypes.Boolean, server));
                break;
            case JsonValueKind.Number:
                claims.Add(new(name, value.GetRawText(), ClaimValueTypes.Double, server));
                break;
            default:
                claims.Add(new(name, value.GetRawText(), "JSON", server));
                break;
        }
    }

    private static bool TryText(JsonElement root, string name, out string? text)
    {
        text = null;
        if (!root.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            return true;
        }

        text = value.ValueKind is JsonValueKind.String ? value.GetString() : null;
        return text is not null;
    }

    // One, or a list.
    private static bool TryTexts(JsonElement root, string name, out IReadOnlyList<string> texts)
    {
        texts = [];
        if (root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Array)
        {
            texts = [.. value.EnumerateArray().Where(static item => item.ValueKind is JsonValueKind.String).Select(static item => item.GetString()!)];
            return texts.Count == value.GetArrayLength();
        }

        var isText = TryText(root, name, out var text);
        texts = text is null ? [] : [text];
        return isText;
    }

    // Seconds since 1970 (RFC 7519 §2).
    private static bool TryDate(JsonElement root, string name, out DateTimeOffset? date)
    {
        const double End = 253_402_300_800;
        date = null;
        if (!root.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            return true;
        }

        if (value.ValueKind is not JsonValueKind.Number || !value.TryGetDouble(out var seconds) || seconds is not (>= 0 and < End))
        {
            return false;
        }

        date = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        return true;
    }
}
