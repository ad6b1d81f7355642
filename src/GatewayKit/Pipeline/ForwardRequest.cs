using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Pipeline;

/// <summary>A request as it will go to a destination, still open to change. Belongs to one attempt.</summary>
public sealed class ForwardRequest
{
    private readonly HttpRequestMessage _message;
    private readonly bool _allowsEncodedSlash;

    internal ForwardRequest(HttpContext httpContext, HttpRequestMessage message, RequestTarget target, bool allowsEncodedSlash = false) =>
        (HttpContext, _message, Target, _allowsEncodedSlash) = (httpContext, message, target, allowsEncodedSlash);

    /// <summary>The client's request.</summary>
    public HttpContext HttpContext { get; }

    /// <summary>
    /// The path below the destination's address: percent-encoded, starting with a slash, in canonical form: setting <c>/%7euser</c> gives
    /// <c>/~user</c>.
    /// </summary>
    /// <exception cref="ForwardTransformException">
    /// The new path could be read in two ways, such as one with a dot segment or with two slashes in front: the client gets 400
    /// <c>ambiguous-path</c>.
    /// </exception>
    public string Path
    {
        get => Target.Path;
        set => Target = CanonicalPath.TryRewrite(value, out var path, _allowsEncodedSlash)
            ? Target with { Path = path }
            : throw new ForwardTransformException(RejectionReason.AmbiguousPath);
    }

    /// <summary>The query with its question mark, as it came; empty if there is none.</summary>
    /// <exception cref="ForwardTransformException">The new query has something that cannot stand in one: the client gets 400 <c>ambiguous-path</c>.</exception>
    public string Query
    {
        get => Target.Query;
        set => Target = RequestTarget.IsQuery(value)
            ? Target with { Query = value }
            : throw new ForwardTransformException(RejectionReason.AmbiguousPath);
    }

    /// <summary>The method, case-sensitive (RFC 9110 §9.1).</summary>
    public string Method
    {
        get => _message.Method.Method;
        set => _message.Method = HttpMethod.Parse(value);
    }

    /// <summary>The <c>Host</c> to send; <see langword="null"/> for the destination's own.</summary>
    public string? Host
    {
        get => _message.Headers.Host;
        set => _message.Headers.Host = value;
    }

    /// <summary>The path that the gateway route removed from the front, for <c>X-Forwarded-Prefix</c>; <see langword="null"/> if none.</summary>
    public string? RemovedPrefix { get; set; }

    /// <summary>
    /// Whether the gateway writes <c>X-Forwarded-For</c>, <c>-Proto</c>, <c>-Host</c> and <c>-Prefix</c> after the transforms. Default
    /// yes. A transform that sets it to <see langword="false"/> answers for these and for <c>Forwarded</c> from then on: the client's own
    /// are gone already, and nothing is written later.
    /// </summary>
    public bool WritesForwardedFields { get; set; } = true;

    /// <summary>The networks of proxies that the whole gateway trusts.</summary>
    internal IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Whether only ISO 8859-1 can be sent.</summary>
    internal bool IsLatin1 { get; init; }

    /// <summary>Where fields are counted that are not passed on.</summary>
    internal IDroppedFields? Dropped { get; init; }

    /// <summary>Path and query as they stand: canonical, so that the address is built without looking again (D5).</summary>
    internal RequestTarget Target { get; private set; }

    /// <summary>Reads a header.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryGetHeader(string name, out StringValues values)
    {
        if (!_message.Headers.NonValidated.TryGetValues(name, out var found)
            && !(_message.Content?.Headers.NonValidated.TryGetValues(name, out found) ?? false))
        {
            values = default;
            return false;
        }

        values = found.ToArray();
        return true;
    }

    /// <summary>Replaces a header by one line per value.</summary>
    /// <exception cref="ArgumentException">
    /// The name is no token (RFC 9110 §5.1), a value has a line break or NUL (RFC 9110 §5.5), or the field is the gateway's own: framing,
    /// connections, <c>Via</c> and <see cref="Host"/>.
    /// </exception>
    public void SetHeader(string name, StringValues values)
    {
        ThrowIfFixed(name);
        Remove(name);
        AppendHeader(name, values);
    }

    /// <summary>Adds header lines after those that are there.</summary>
    /// <exception cref="ArgumentException">
    /// The name is no token (RFC 9110 §5.1), a value has a line break or NUL (RFC 9110 §5.5), or the field is the gateway's own: framing,
    /// connections, <c>Via</c> and <see cref="Host"/>.
    /// </exception>
    public void AppendHeader(string name, StringValues values)
    {
        ThrowIfFixed(name);
        foreach (var value in values)
        {
            if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new ArgumentException($"The value of header '{name}' has a line break or NUL.", nameof(values));
            }

            // Never narrowed: another character in its place could be one that means something.
            if (IsLatin1 && value.AsSpan().ContainsAnyExceptInRange('\0', '\xFF'))
            {
                throw new ArgumentException($"The value of header '{name}' has a character outside ISO 8859-1, in which this gateway sends headers.", nameof(values));
            }
        }

        // Content headers ride on the content, also on an empty one (E12).
        if (!_message.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)
            && !(_message.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
        {
            throw new ArgumentException($"'{name}' is not a header name.", nameof(name));
        }
    }

    /// <summary>Removes a header.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="ArgumentException">The field is the gateway's own: framing, connections, <c>Via</c> and <see cref="Host"/>.</exception>
    public bool RemoveHeader(string name)
    {
        ThrowIfFixed(name);
        return Remove(name);
    }

    /// <summary>Removes every header whose name <paramref name="keep"/> does not accept. The gateway's own fields stay, whatever it says.</summary>
    [SuppressMessage("Performance", "CA1851", Justification = "Names are collected before the headers change.")]
    public void KeepHeaders(Func<string, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        var dropped = _message.Headers.NonValidated.Select(static header => header.Key)
            .Concat(_message.Content?.Headers.NonValidated.Select(static header => header.Key) ?? [])
            .Where(name => !MessageFields.AreKept(name) && !keep(name))
            .ToArray();
        foreach (var name in dropped)
        {
            Remove(name);
        }
    }

    /// <summary>Removes every header that may be taken for one of these.</summary>
    internal void RemoveAliases(FieldNames names)
    {
        RemoveAliases(_message.Headers, names);
        if (_message.Content is { } content)
        {
            RemoveAliases(content.Headers, names);
        }
    }

    // Nearly always there is none: looking costs no allocation.
    private static void RemoveAliases(HttpHeaders headers, FieldNames names)
    {
        List<string>? found = null;
        foreach (var (name, _) in headers.NonValidated)
        {
            if (names.Contain(name))
            {
                (found ??= []).Add(name);
            }
        }

        found?.ForEach(name => headers.Remove(name));
    }

    private static void ThrowIfFixed(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (MessageFields.WhyFixedInRequest(name) is { } reason)
        {
            throw new ArgumentException($"{name} cannot be changed: {reason}.", nameof(name));
        }
    }

    private bool Remove(string name) => Remove(_message.Headers, name) | Remove(_message.Content?.Headers, name);

    // Asking the wrong one of the two collections to remove a header throws; looking does not.
    private static bool Remove(HttpHeaders? headers, string name) => headers is not null && headers.NonValidated.Contains(name) && headers.Remove(name);
}
