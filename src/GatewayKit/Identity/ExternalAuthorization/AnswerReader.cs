using System.Net;
using System.Net.Http.Headers;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>Reads what a policy is interested in out of the answers of its service. Nothing of them passes that could be read in two ways.</summary>
internal sealed class AnswerReader(ExternalAuthorizationPolicy policy)
{
    // Ends up in keys of counters, records and fields.
    private const int MaxConsumerLength = 200;
    private const int MaxLocationLength = 2_048;

    private readonly FieldNames _names = new(policy.DestinationHeaders);
    private readonly string[] _destinationHeaders = [.. policy.DestinationHeaders], _clientHeaders = [.. policy.ClientHeaders];

    /// <summary>What removes a client's own fields while there is no answer.</summary>
    public AnswerTransform? Nothing { get; } = policy.DestinationHeaders.Count == 0 ? null : new(new(policy.DestinationHeaders), []);

    public AuthorizationAnswer Read(HttpResponseMessage response)
    {
        var (status, headers) = ((int)response.StatusCode, response.Headers);
        return response.StatusCode switch
        {
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => ReadAllowed(status, headers),
            HttpStatusCode.Unauthorized => ReadRefused(AuthorizationVerdict.Unauthenticated, status, headers),
            HttpStatusCode.Forbidden => ReadRefused(AuthorizationVerdict.Forbidden, status, headers),
            HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect when policy.AllowRedirects => ReadRedirect(status, headers),
            _ => new(AuthorizationVerdict.Unavailable, status is >= 300 and < 400 ? "redirect" : status >= 500 ? "server-error" : "unexpected-status") { Status = status },
        };
    }

    private AuthorizationAnswer ReadAllowed(int status, HttpResponseHeaders headers)
    {
        if (!TryRead(headers, _destinationHeaders, out var forDestination) || !TryRead(headers, _clientHeaders, out var forClient))
        {
            return AuthorizationAnswer.Malformed;
        }

        string? consumer = null;
        if (policy.ConsumerHeader is { } name)
        {
            if (!headers.NonValidated.TryGetValues(name, out var values))
            {
                return AuthorizationAnswer.WithoutConsumer;
            }

            // Of two, records and limits could go by one each.
            if (values.Count != 1 || (consumer = values.ToString()) is not { Length: > 0 and <= MaxConsumerLength } || !IsText(consumer) || string.IsNullOrWhiteSpace(consumer))
            {
                return AuthorizationAnswer.Malformed;
            }
        }

        return new(AuthorizationVerdict.Allowed, "allowed")
        {
            Status = status,
            ForDestination = _destinationHeaders.Length == 0 ? null : new(_names, forDestination),
            ForClient = forClient,
            Consumer = consumer,
            KeepFor = forClient.Length == 0 ? KeepFor(headers) : TimeSpan.Zero,
        };
    }

    // RFC 9111 §5.2.2, as far as it says that it is to be asked again.
    private TimeSpan KeepFor(HttpResponseHeaders headers) => !headers.NonValidated.TryGetValues("Cache-Control", out var lines) ? policy.CacheFor
        : CacheControlHeaderValue.TryParse(string.Join(", ", lines), out var said) && said is not null
            ? said switch
            {
                { NoStore: true } or { NoCache: true } => TimeSpan.Zero,
                { MaxAge: { } age } when age < policy.CacheFor => age,
                _ => policy.CacheFor,
            }

            // Of what cannot be read nobody knows whether it says not to.
            : TimeSpan.Zero;

    private AuthorizationAnswer ReadRefused(AuthorizationVerdict verdict, int status, HttpResponseHeaders headers)
    {
        // RFC 9110 §11.6.1.
        var hasChallenges = headers.NonValidated.TryGetValues("WWW-Authenticate", out var values);
        string[] challenges = hasChallenges ? [.. values] : [];
        return TryRead(headers, _clientHeaders, out var forClient) && Array.TrueForAll(challenges, IsText)
            ? new(verdict, verdict is AuthorizationVerdict.Forbidden ? "forbidden" : "unauthenticated") { Status = status, ForClient = forClient, Challenges = challenges }
            : AuthorizationAnswer.Malformed;
    }

    private AuthorizationAnswer ReadRedirect(int status, HttpResponseHeaders headers) =>
        headers.NonValidated.TryGetValues("Location", out var values) && values.Count == 1 && values.ToString() is { Length: > 0 and <= MaxLocationLength } location
        && IsLocation(location) && TryRead(headers, _clientHeaders, out var forClient)
            ? new(AuthorizationVerdict.Redirected, "redirected") { Status = status, ForClient = forClient, Location = location }
            : AuthorizationAnswer.Malformed;

    private static bool TryRead(HttpResponseHeaders headers, string[] names, out AnswerField[] fields)
    {
        fields = [];
        List<AnswerField>? found = null;
        foreach (var name in names)
        {
            if (headers.NonValidated.TryGetValues(name, out var values))
            {
                string[] texts = [.. values];
                if (!Array.TrueForAll(texts, IsText))
                {
                    return false;
                }

                (found ??= []).Add(new(name, texts));
            }
        }

        fields = found is null ? [] : [.. found];
        return true;
    }

    // Visible ASCII, spaces and tabs (RFC 9110 §5.5): no two servers agree on what else there may be.
    private static bool IsText(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~') || !text.Replace("\t", " ", StringComparison.Ordinal).AsSpan().ContainsAnyExceptInRange(' ', '~');

    // A browser goes to pages only, and not where scripts are.
    private static bool IsLocation(string text) =>
        !text.AsSpan().ContainsAnyExceptInRange('!', '~') && Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var uri)
        && (text[0] is '/' or '?' || (uri.IsAbsoluteUri ? uri.Scheme is "http" or "https" : text.IndexOf(':', StringComparison.Ordinal) < 0));
}
