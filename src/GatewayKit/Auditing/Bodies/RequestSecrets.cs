using System.Text;
using GatewayKit.Auditing.Records;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace GatewayKit.Auditing.Bodies;

/// <summary>
/// What of one exchange is known to be a credential: of the client in fields, cookies and the query, whether it is right or not; of the gateway towards the destination; and what an answer sets. Clients and
/// destinations repeat such things in bodies.
/// </summary>
internal sealed class RequestSecrets
{
    /// <summary>How many there may be. Texts are searched for each of them: whoever sends a head of nothing but cookies would have thousands looked for.</summary>
    public const int Most = 128;

    // A shorter one is in every other word, and the detectors do not look at shorter text.
    private const int LeastCharacters = 6;

    private readonly HashSet<string> _found = new(StringComparer.OrdinalIgnoreCase);

    private RequestSecrets()
    {
    }

    private bool IsOver => _found.Count > Most;

    /// <summary>Finds them.</summary>
    /// <param name="record">The exchange.</param>
    /// <param name="secrets">What was found, the longest first.</param>
    /// <returns>Whether it is all that there is: not with more than <see cref="Most"/>.</returns>
    public static bool TryFind(AuditedRequest record, out IReadOnlyList<string> secrets)
    {
        var all = new RequestSecrets();
        all.AddFields(record);
        all.AddQuery(record);
        all.AddCredentials(record.Context?.ForwardTransform);

        // One may be in another.
        secrets = [.. all._found.OrderByDescending(static secret => secret.Length)];
        return !all.IsOver;
    }

    private void AddFields(AuditedRequest record)
    {
        var (http, context) = (record.HttpContext, record.Context);
        foreach (var (name, values) in http.Request.Headers)
        {
            if (SecretNames.Include(name) || record.Endpoint.CredentialFields.Contains(name) || context?.Withheld.Contains(name) is true)
            {
                foreach (var value in values)
                {
                    AddField(name, value);
                }
            }
        }

        foreach (var cookie in http.Response.Headers.SetCookie)
        {
            Add(ValueOf(cookie.AsSpan()[..(cookie.AsSpan().IndexOf(';') is >= 0 and var end ? end : cookie.AsSpan().Length)]));
        }
    }

    private void AddField(string name, string? value)
    {
        Add(value);
        if (name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase))
        {
            foreach (var pair in value.AsSpan().Split(';'))
            {
                Add(ValueOf(value.AsSpan(pair).Trim()).Trim('"'));
                if (IsOver)
                {
                    break;
                }
            }

            return;
        }

        // RFC 9110 §11.4: a scheme in front.
        if (value?.Split(' ', 2, StringSplitOptions.TrimEntries) is not [var scheme, var credential])
        {
            return;
        }

        Add(credential);
        Span<byte> plain = credential.Length <= 1_024 ? stackalloc byte[1_024] : new byte[credential.Length];
        if (scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && Convert.TryFromBase64String(credential, plain, out var length))
        {
            // RFC 7617 §2.
            Add(Encoding.UTF8.GetString(plain[..length]).Split(':', 2)[^1]);
        }
    }

    // As it came: a key in it has been taken out since.
    private void AddQuery(AuditedRequest record)
    {
        var (target, keys) = (record.Target ?? string.Empty, record.Endpoint.CredentialQueryKeys.GetAlternateLookup<ReadOnlySpan<char>>());
        var sign = target.IndexOf('?', StringComparison.Ordinal);
        if (sign < 0)
        {
            return;
        }

        var left = ValuesLeft(record.HttpContext.Request.QueryString.Value ?? string.Empty, target.AsSpan(sign));
        foreach (var pair in new QueryStringEnumerable(target.AsMemory(sign)))
        {
            if (SecretNames.Include(pair.DecodeName().Span) || keys.Contains(pair.DecodeName().Span) || left?.GetAlternateLookup<ReadOnlySpan<char>>().Contains(pair.EncodedValue.Span) is false)
            {
                Add(pair.DecodeValue().Span);
                if (IsOver)
                {
                    break;
                }
            }
        }
    }

    // Null if nothing was taken out.
    private static HashSet<string>? ValuesLeft(string query, ReadOnlySpan<char> came)
    {
        if (came.SequenceEqual(query))
        {
            return null;
        }

        var values = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(query))
        {
            values.Add(pair.EncodedValue.ToString());
        }

        return values;
    }

    private void AddCredentials(IForwardTransform? transform)
    {
        while (transform is ForwardTransformChain chain)
        {
            AddCredentials(chain.Second);
            transform = chain.First;
        }

        if (transform is ICredentialTransform credential)
        {
            AddField(HeaderNames.Authorization, credential.Credential);
        }
    }

    // Of name=value; all of it without a name.
    private static ReadOnlySpan<char> ValueOf(ReadOnlySpan<char> pair) => pair[(pair.IndexOf('=') + 1)..];

    private void Add(ReadOnlySpan<char> value)
    {
        if (value.Length >= LeastCharacters)
        {
            _found.GetAlternateLookup<ReadOnlySpan<char>>().Add(value);
        }
    }
}
