using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Pipeline;

/// <summary>What a request asks for: one canonical path below the path base, and the query byte for byte.</summary>
internal readonly record struct RequestTarget(string Path, string Query)
{
    // VCHAR without the fragment sign (RFC 9112 §3.2).
    private static readonly SearchValues<char> QueryCharacters =
        SearchValues.Create(string.Concat(Enumerable.Range('!', '~' - '!' + 1).Select(static c => (char)c).Where(static c => c is not '#')));

    /// <summary>Reads the target from the bytes of the request line, unless middleware has set another path.</summary>
    /// <param name="httpContext">The client's request.</param>
    /// <param name="allowEncodedSlash">Whether <c>%2F</c> passes, as opaque data of its segment.</param>
    /// <param name="target">The result.</param>
    /// <returns>Whether it has one reading.</returns>
    public static bool TryRead(HttpContext httpContext, bool allowEncodedSlash, out RequestTarget target)
    {
        var request = httpContext.Request;
        target = default;
        var query = request.QueryString.Value ?? string.Empty;
        if (query.AsSpan().ContainsAnyExcept(QueryCharacters))
        {
            return false;
        }

        var raw = httpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? string.Empty;
        var path = request.Path.Value ?? string.Empty;
        var rawPath = PathOf(raw, out var authority);

        // Nearly every request: nothing to decode, nothing rewritten, and the string is there already.
        if (authority.IsEmpty && !request.PathBase.HasValue && rawPath.SequenceEqual(path) && CanonicalPath.IsCanonical(rawPath))
        {
            target = new(path, query);
            return true;
        }

        // The server lets a user pass there, which says nothing in HTTP and much to whoever takes it for the host (RFC 9110 §4.2.4).
        if (rawPath is "*" || authority.Contains('@'))
        {
            return false;
        }

        if (!TryReadPath(rawPath, request.PathBase.Value ?? string.Empty, path, allowEncodedSlash, out var canonical))
        {
            return false;
        }

        target = new(canonical, query);
        return true;
    }

    /// <summary>Whether a text can be sent as a query: empty, or a question mark and visible ASCII without <c>#</c>.</summary>
    public static bool IsQuery([NotNullWhen(true)] string? query) =>
        query is not null && (query.Length == 0 || query[0] is '?') && !query.AsSpan().ContainsAnyExcept(QueryCharacters);

    private static bool TryReadPath(ReadOnlySpan<char> rawPath, string pathBase, string path, bool allowEncodedSlash, out string result)
    {
        result = string.Empty;
        if (!rawPath.IsEmpty)
        {
            if (!CanonicalPath.TryCreate(rawPath, allowEncodedSlash, out var canonical))
            {
                return false;
            }

            if (TrySplit(canonical, pathBase, path, out result))
            {
                return true;
            }

            // In the absolute form the server decodes the slash too and has matched another path.
            if (CanonicalPath.HasEncodedSlash(canonical))
            {
                return false;
            }
        }

        // Middleware has rewritten the path, or the server kept no raw target: what routing matched is what is sent. No re-encoding
        // could tell an encoded slash from an escaped percent sign here (D1, D3).
        return !path.Contains("%2F", StringComparison.OrdinalIgnoreCase)
            && CanonicalPath.TryCreate(path.Length == 0 ? "/" : CanonicalPath.Encode(path), allowEncodedSlash: false, out result!);
    }

    // Routing matched `path` below `pathBase`; their encoded forms are the two parts of the canonical path.
    private static bool TrySplit(string canonical, string pathBase, string path, out string below)
    {
        below = canonical;
        if (pathBase.Length == 0)
        {
            return CanonicalPath.Decodes(canonical, path);
        }

        var encodedBase = CanonicalPath.Encode(pathBase);
        if (!canonical.StartsWith(encodedBase, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        below = canonical[encodedBase.Length..];
        if (below.Length == 0)
        {
            below = "/";
            return path.Length == 0;
        }

        return CanonicalPath.Decodes(below, path);
    }

    // The absolute form is for proxies; the server has checked that its authority agrees with Host (RFC 9112 §3.2.2).
    private static ReadOnlySpan<char> PathOf(string raw, out ReadOnlySpan<char> authority)
    {
        authority = default;
        var start = 0;
        if (raw.Length > 0 && raw[0] is not '/' && raw.IndexOf("://", StringComparison.Ordinal) is var scheme and > 0)
        {
            start = scheme + 3;
            var length = raw.AsSpan(start).IndexOfAny('/', '?') is var end and >= 0 ? end : raw.Length - start;
            authority = raw.AsSpan(start, length);
            start += length;
            if (start == raw.Length || raw[start] is '?')
            {
                return "/";
            }
        }

        var target = raw.AsSpan(start);
        return target.IndexOf('?') is var question and >= 0 ? target[..question] : target;
    }
}
