using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Admin;

/// <summary>What requests of administrators say.</summary>
internal static class AdminRequest
{
    /// <summary>What writes have to carry: a form or an image of a foreign page cannot, and a script of one has to ask first.</summary>
    public const string Header = "X-Gateway-Admin";

    private const int MaxActorLength = 200;
    private static readonly string[] ActorClaims = ["sub", "client_id", "azp", ClaimTypes.NameIdentifier];

    /// <summary>Whether a request that changes something comes from a program, or from a page of this very host.</summary>
    public static bool IsDeliberate(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
        || (request.Headers.ContainsKey(Header) && request.Headers["Sec-Fetch-Site"] is [] or ["same-origin" or "none"]);

    /// <summary>Who is asking.</summary>
    public static AdminCall CallOf(HttpContext context) => new(
        Shown(context.User.Identity?.Name ?? ActorClaims.Select(claim => context.User.FindFirst(claim)?.Value).FirstOrDefault(static value => value is not null)),
        context.User.Identity?.AuthenticationType,
        context.Connection.RemoteIpAddress,
        TraceIdentifiers.Of(context));

    /// <summary>Which versions a request goes by.</summary>
    /// <param name="request">The request.</param>
    /// <param name="versions">The versions; <see langword="null"/> if any will do.</param>
    /// <returns>Whether the header can be read.</returns>
    public static bool TryReadVersions(HttpRequest request, out IReadOnlyList<string>? versions)
    {
        versions = null;
        if (request.Headers.IfMatch is not { Count: > 0 } header || header is ["*"])
        {
            return true;
        }

        if (!EntityTagHeaderValue.TryParseStrictList([.. header.Select(static value => value ?? string.Empty)], out var tags))
        {
            return false;
        }

        // A weak tag is none that a write may go by (RFC 9110 §13.1.1).
        versions = [.. tags.Where(static tag => !tag.IsWeak).Select(static tag => tag.Tag.Subsegment(1, tag.Tag.Length - 2).ToString())];
        return true;
    }

    /// <summary>Reads the document of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isNeeded">Whether there has to be one.</param>
    /// <returns>The document, or why there is none.</returns>
    public static async ValueTask<(JsonObject? Document, AdminProblem? Problem)> ReadAsync(HttpRequest request, bool isNeeded = true)
    {
        if (!isNeeded && request.ContentLength is null or 0 && request.ContentType is null)
        {
            return (new(), null);
        }

        if (!request.HasJsonContentType())
        {
            return (null, new(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "The content is not JSON.") { Detail = "Send Content-Type: application/json." });
        }

        try
        {
            using var content = new MemoryStream();
            await request.Body.CopyToAsync(content, request.HttpContext.RequestAborted).ConfigureAwait(false);
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(content.GetBuffer(), 0, (int)content.Length);
            return JsonNode.Parse(text, new() { PropertyNameCaseInsensitive = true }, new() { AllowDuplicateProperties = false, MaxDepth = 32 }) is JsonObject document
                ? (document, null)
                : (null, NotAnObject);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return (null, NotAnObject);
        }
        catch (BadHttpRequestException exception)
        {
            return (null, exception.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new(exception.StatusCode, "content-too-large", "The content is too large.") { Detail = $"At most {AdminMetadata.MaxBodyBytes} bytes." }
                : new(StatusCodes.Status400BadRequest, "bad-request", "The content did not arrive whole."));
        }
    }

    /// <summary>Takes a text out of a document.</summary>
    /// <returns>The text; <see langword="null"/> if it is not there.</returns>
    public static string? Take(JsonObject document, string key, ICollection<Configuration.ConfigurationError> errors)
    {
        if (!document.TryGetPropertyValue(key, out var node))
        {
            return null;
        }

        document.Remove(key);
        if (node is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0)
        {
            return text;
        }

        errors.Add(new(key, $"{key} is not a text."));
        return null;
    }

    // Others have chosen it, and it stands in logs.
    private static string? Shown(string? name) =>
        name is null ? null : string.Concat(name.Take(MaxActorLength).Select(static letter => char.IsControl(letter) ? '?' : letter));

    // The parser's words may hold a piece of the text, and so of a secret.
    private static AdminProblem NotAnObject => AdminProblem.Invalid(string.Empty, "The content is not a JSON object, or it has a key twice.");
}

/// <summary>Who asked for a change.</summary>
internal sealed record AdminCall(string? Actor, string? AuthenticationType, System.Net.IPAddress? Address, string TraceId);
