using System.Globalization;
using System.Net;
using System.Text.Json;
using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Identity.Upstream;

/// <summary>Reads what a token endpoint says (RFC 6749 §5, RFC 8693 §2.2). Nothing of it is ever told to anyone but by a word of a few.</summary>
internal static class TokenAnswer
{
    // Words that nobody but the caller can mend: the token it sent, not what the gateway is (RFC 8693 §2.2.2).
    private static readonly string[] OfSubject = ["invalid_request", "invalid_grant", "invalid_token"];

    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(1);

    /// <summary>How long a token is used of which the server does not say how long it is good for (RFC 6749 §5.1).</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Reads an answer with status 200.</summary>
    /// <returns>The token and its lifetime; <see langword="null"/> if there is none that can be used.</returns>
    public static (string Token, TimeSpan Lifetime)? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new() { MaxDepth = 8 });
            var root = json.RootElement;
            if (root.ValueKind is not JsonValueKind.Object
                || !root.TryGetProperty("access_token", out var token) || token.ValueKind is not JsonValueKind.String
                || !root.TryGetProperty("token_type", out var type) || type.ValueKind is not JsonValueKind.String
                || !string.Equals(type.GetString(), "Bearer", StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            var value = token.GetString()!;
            return IsBearer(value) && LifetimeOf(root) is { } lifetime ? (value, lifetime) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The message has a piece of the text.
            return null;
        }
    }

    /// <summary>What an answer without a token means.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="body">Its body.</param>
    /// <param name="isExchange">Whether a caller's token was sent, which can be what is refused.</param>
    public static CallFailure FailureOf(HttpStatusCode status, ReadOnlyMemory<byte> body, bool isExchange) =>
        (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests ? CallFailure.ServerError
        : isExchange && status is HttpStatusCode.BadRequest && OfSubject.Contains(ErrorOf(body)) ? CallFailure.SubjectRefused
        : (int)status is >= 400 ? CallFailure.Refused
        : CallFailure.Malformed;

    // Some write the number as a text.
    private static TimeSpan? LifetimeOf(JsonElement root)
    {
        if (!root.TryGetProperty("expires_in", out var said) || said.ValueKind is JsonValueKind.Null)
        {
            return DefaultLifetime;
        }

        var seconds = said.ValueKind switch
        {
            JsonValueKind.Number when said.TryGetDouble(out var number) => number,
            JsonValueKind.String when double.TryParse(said.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            _ => -1,
        };
        return !(seconds > 0) ? null : seconds < LongestLifetime.TotalSeconds ? TimeSpan.FromSeconds(seconds) : LongestLifetime;
    }

    private static string? ErrorOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new() { MaxDepth = 8 });
            return json.RootElement.ValueKind is JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.String ? error.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // One word: of RFC 6750 §2.1, and what else is visible, for those who are not strict.
    private static bool IsBearer(string token) => token.Length > 0 && !token.AsSpan().ContainsAnyExceptInRange('!', '~');
}
