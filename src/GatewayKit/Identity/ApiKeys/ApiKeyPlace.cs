using System.Diagnostics.CodeAnalysis;
using System.Text;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>Where the key of a request is.</summary>
/// <param name="header">The name of the header.</param>
/// <param name="queryParameter">The name of the parameter of the query, if keys may be there.</param>
/// <param name="prefix">What keys begin with.</param>
internal sealed class ApiKeyPlace(string header, string? queryParameter, string prefix)
{
    private const string Bearer = "Bearer ";

    private readonly bool _isAuthorization = string.Equals(header, "Authorization", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the key is written as a bearer token.</summary>
    public bool IsAuthorization => _isAuthorization;

    /// <summary>Looks for the key.</summary>
    /// <param name="request">The request.</param>
    /// <param name="key">What is in its place, if it is there once.</param>
    public ApiKeyPresence Find(HttpRequest request, out ReadOnlySpan<char> key)
    {
        key = default;
        var values = request.Headers[header];
        var presence = values.Count switch
        {
            0 => ApiKeyPresence.Absent,
            1 => _isAuthorization ? FindToken(values[0], out key) : FindOne(values[0], out key),
            _ => ApiKeyPresence.Twice,
        };
        if (queryParameter is null || !request.QueryString.HasValue)
        {
            return presence;
        }

        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (IsNamed(pair))
            {
                if (presence is not ApiKeyPresence.Absent)
                {
                    return ApiKeyPresence.Twice;
                }

                presence = ApiKeyPresence.Once;
                key = pair.DecodeValue().Span;
            }
        }

        return presence;
    }

    /// <summary>Keeps the key from handlers and destinations. What is not the gateway's, because it begins otherwise, stays.</summary>
    public void Withhold(GatewayContext context)
    {
        var request = context.HttpContext.Request;
        foreach (var value in request.Headers[header])
        {
            if (value is not null && value.Contains(prefix, StringComparison.Ordinal))
            {
                context.Withheld.Add(header);
            }
        }

        if (queryParameter is not null && request.QueryString.HasValue)
        {
            Strip(request);
        }
    }

    // Another scheme, and another kind of token, is another method's business.
    private ApiKeyPresence FindToken(string? value, out ReadOnlySpan<char> key)
    {
        key = default;
        if (value is null || !value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || value.AsSpan(Bearer.Length).TrimStart(' ') is not { IsEmpty: false } token
            || !token.StartsWith(prefix, StringComparison.Ordinal))
        {
            return ApiKeyPresence.Absent;
        }

        key = token;
        return token.Contains(',') ? ApiKeyPresence.Twice : ApiKeyPresence.Once;
    }

    private static ApiKeyPresence FindOne(string? value, out ReadOnlySpan<char> key)
    {
        key = value;
        return key.Contains(',') ? ApiKeyPresence.Twice : ApiKeyPresence.Once;
    }

    // All other bytes of the query stay as they came.
    private void Strip(HttpRequest request)
    {
        var query = request.QueryString.Value!;
        if (!TryStrip(query, out var rest))
        {
            return;
        }

        request.QueryString = new(rest);
        if (request.HttpContext.Features.Get<IHttpRequestFeature>() is { RawTarget: { } raw } feature && raw.IndexOf('?', StringComparison.Ordinal) is var question and >= 0)
        {
            feature.RawTarget = string.Concat(raw.AsSpan(0, question), rest);
        }
    }

    private bool TryStrip(string query, [NotNullWhen(true)] out string? rest)
    {
        rest = null;
        var kept = new StringBuilder();
        var found = false;
        foreach (var part in query.AsSpan(1).Split('&'))
        {
            var text = query.AsSpan(1)[part];
            var enumerator = new QueryStringEnumerable(text.ToString()).GetEnumerator();
            if (enumerator.MoveNext() && IsNamed(enumerator.Current))
            {
                found = true;
                continue;
            }

            kept.Append(kept.Length == 0 ? '?' : '&').Append(text);
        }

        if (found)
        {
            rest = kept.ToString();
        }

        return found;
    }

    private bool IsNamed(QueryStringEnumerable.EncodedNameValuePair pair) => pair.DecodeName().Span.Equals(queryParameter, StringComparison.OrdinalIgnoreCase);
}

/// <summary>How often a request has a key.</summary>
internal enum ApiKeyPresence
{
    Absent,
    Once,
    Twice,
}
