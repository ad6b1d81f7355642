using System.Collections.Frozen;
using GatewayKit.Pipeline;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Configuration;

/// <summary>Checks an answer that the gateway gives itself.</summary>
internal static class ResponseChecks
{
    // What would contradict the body that is sent: the client waits for bytes that do not come.
    private static readonly FrozenDictionary<string, string> OfTheAnswer = new Dictionary<string, string>
    {
        ["Content-Length"] = "Remove it.",
        ["Transfer-Encoding"] = "Remove it.",
        ["Connection"] = "Remove it.",
        ["Upgrade"] = "Remove it.",
        ["Content-Type"] = "Write ContentType instead.",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static void Check(StaticResponse respond, string path, Report report)
    {
        if (!MediaTypeHeaderValue.TryParse(respond.ContentType, out _))
        {
            report(ModelPath.Join(path, nameof(respond.ContentType)), $"'{respond.ContentType}' is not a media type such as \"application/json\".");
        }

        // RFC 9110 §6.4.1
        if (respond.Status is 204 or 205 or 304 && !string.IsNullOrEmpty(respond.Body))
        {
            report(ModelPath.Join(path, nameof(respond.Body)), $"An answer with status {respond.Status} has no body. Remove Body or change Status.");
        }

        foreach (var (name, value) in respond.Headers)
        {
            var where = ModelPath.Join(path, [nameof(respond.Headers), name]);
            if (!HttpToken.Is(name))
            {
                report(where, $"'{name}' is not a header name.");
            }

            else if (OfTheAnswer.TryGetValue(name, out var instead))
            {
                report(where, $"{name} says how the answer is sent, which the server does itself. {instead}");
            }

            // Kestrel refuses to send anything else, and the client would get a 500 (RFC 9110 §5.5).
            if (value.Any(static c => c is not ((>= ' ' and <= '~') or '\t')))
            {
                report(where, $"The value of {name} has a line break, another control character or a letter outside ASCII, which cannot be sent. Remove or encode it.");
            }
        }
    }
}
