using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Which fields the lists of a policy may name: none that frames a message or ends at a hop, and none that the gateway answers for.</summary>
internal static class ExternalFields
{
    private const string OfGateway = "the gateway itself writes it";

    // What a client says in these is what servers take for a proxy's word.
    private static readonly string[] ProxyFamilies =
        ["X-Forwarded-", "X-Original-", "X-Rewrite-", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "Client-Cert", "X-Client-Cert", "X-ARR-ClientCert", "X-SSL-", "SSL-Client-", "X-HTTP-Method", "X-Method-Override"];

    private static readonly string[] WrittenForDestinations =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Method", "X-Forwarded-Uri", "Max-Forwards", "CDN-Loop", "traceparent", "tracestate"];

    // What caches, browsers and proxies go by is the business of whoever answers.
    private static readonly string[] OfAnswers = ["Alt-Svc", "Cache-Control", "Date", "Server", "Vary", "Via"];

    public static IEnumerable<ValidationResult> Check(ExternalAuthorizationPolicy policy) =>
    [
        .. Check(nameof(policy.RequestHeaders), policy.RequestHeaders, WhyNotShown),
        .. Check(nameof(policy.DestinationHeaders), policy.DestinationHeaders, WhyNotSent),
        .. Check(nameof(policy.ClientHeaders), policy.ClientHeaders, WhyNotAnswered),
        .. Check(nameof(policy.ConsumerHeader), policy.ConsumerHeader is { } name ? [name] : [], WhyNotAnswered),
    ];

    private static IEnumerable<ValidationResult> Check(string property, IReadOnlyList<string> names, Func<string, string?> whyNot)
    {
        foreach (var name in names)
        {
            if ((HttpToken.Is(name) ? whyNot(Fold(name)) : "it is no name of a field") is { } why)
            {
                yield return new($"{property} has '{name}', and cannot: {why}.", [property]);
            }
        }

        foreach (var same in names.OfType<string>().GroupBy(Fold, StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1))
        {
            yield return new($"{property} has {string.Join(" and ", same)}, which is one field to some servers. Keep one.", [property]);
        }
    }

    // Of a request, for the service.
    private static string? WhyNotShown(string name) =>
        name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase) || Array.Exists(ProxyFamilies, family => name.StartsWith(family, StringComparison.OrdinalIgnoreCase))
            ? "the service would take a client's word for a proxy's"
            : WhyNotInRequest(name);

    // Of an answer, for the destination.
    private static string? WhyNotSent(string name) =>
        Is(name, WrittenForDestinations) ? OfGateway
        : name.Equals("Cookie", StringComparison.OrdinalIgnoreCase) ? "the client's other cookies would be gone"
        : WhyNotInRequest(name);

    private static string? WhyNotInRequest(string name) =>
        MessageFields.WhyFixedInRequest(name)
        ?? (name.StartsWith("X-GW-", StringComparison.OrdinalIgnoreCase) ? OfGateway : OfContent(name) ? "it is of a body, and goes with it" : null);

    // Of an answer, for the client.
    private static string? WhyNotAnswered(string name) =>
        name.Equals("WWW-Authenticate", StringComparison.OrdinalIgnoreCase) ? "it goes with refusals in any case"
        : name.Equals("Location", StringComparison.OrdinalIgnoreCase) ? "it goes with what AllowRedirects lets through"
        : name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase) ? "it is for the policy Cors to say"
        : Is(name, OfAnswers) ? "it is for whoever answers to say"
        : MessageFields.WhyFixed(name) ?? (OfContent(name) ? "it is of a body, and that of the service goes nowhere" : null);

    // The fields that HttpClient knows as those of content (RFC 9110 §8).
    private static bool OfContent(string name) =>
        name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) || Is(name, ["Allow", "Expires", "Last-Modified", "ETag"]);

    private static bool Is(string name, string[] names) => names.Contains(name, StringComparer.OrdinalIgnoreCase);

    // CGI-like servers read these as a hyphen.
    private static string Fold(string name) => name.Replace('_', '-').Replace('.', '-');
}
