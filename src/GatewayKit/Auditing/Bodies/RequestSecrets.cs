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
internal static class RequestSecrets
{
    // A shorter one is in every other word, and the detectors do not look at shorter text.
    private const int LeastCharacters = 6;

    /// <summary>Finds them.</summary>
    public static List<string> Of(AuditedRequest record)
    {
        var secrets = new List<string>();
        var (http, context) = (record.HttpContext, record.Context);
        foreach (var (name, values) in http.Request.Headers)
        {
            if (SecretNames.Include(name) || record.Endpoint.CredentialFields.Contains(name) || context?.Withheld.Contains(name) is true)
            {
                foreach (var value in values)
                {
                    AddField(secrets, name, value);
                }
            }
        }

        foreach (var cookie in http.Response.Headers.SetCookie)
        {
            Add(secrets, cookie.AsSpan()[..(cookie.AsSpan().IndexOf(';') is >= 0 and var end ? end : cookie.AsSpan().Length)].ToString().Split('=', 2)[^1]);
        }

        AddQuery(secrets, record);
        AddCredentials(secrets, context?.ForwardTransform);

        // The longest first: one may be in another.
        secrets.Sort(static (one, other) => other.Length.CompareTo(one.Length));
        return secrets;
    }

    private static void AddField(List<string> secrets, string name, string? value)
    {
        Add(secrets, value);
        if (name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase))
        {
            foreach (var pair in value?.Split(';', StringSplitOptions.TrimEntries) ?? [])
            {
                Add(secrets, pair.Split('=', 2)[^1].Trim('"'));
            }

            return;
        }

        // RFC 9110 §11.4: a scheme in front.
        if (value?.Split(' ', 2, StringSplitOptions.TrimEntries) is not [var scheme, var credential])
        {
            return;
        }

        Add(secrets, credential);
        Span<byte> plain = credential.Length <= 1_024 ? stackalloc byte[1_024] : new byte[credential.Length];
        if (scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && Convert.TryFromBase64String(credential, plain, out var length))
        {
            // RFC 7617 §2.
            Add(secrets, Encoding.UTF8.GetString(plain[..length]).Split(':', 2)[^1]);
        }
    }

    // As it came: a key in it has been taken out since.
    private static void AddQuery(List<string> secrets, AuditedRequest record)
    {
        var (target, keys) = (record.Target ?? string.Empty, record.Endpoint.CredentialQueryKeys.GetAlternateLookup<ReadOnlySpan<char>>());
        var sign = target.IndexOf('?', StringComparison.Ordinal);
        if (sign < 0)
        {
            return;
        }

        var left = record.HttpContext.Request.QueryString.Value ?? string.Empty;
        foreach (var pair in new QueryStringEnumerable(target.AsMemory(sign)))
        {
            if (SecretNames.Include(pair.DecodeName().Span) || keys.Contains(pair.DecodeName().Span) || !left.AsSpan().Contains(pair.EncodedValue.Span, StringComparison.Ordinal))
            {
                Add(secrets, pair.DecodeValue().ToString());
            }
        }
    }

    private static void AddCredentials(List<string> secrets, IForwardTransform? transform)
    {
        while (transform is ForwardTransformChain chain)
        {
            AddCredentials(secrets, chain.Second);
            transform = chain.First;
        }

        if (transform is ICredentialTransform credential)
        {
            AddField(secrets, HeaderNames.Authorization, credential.Credential);
        }
    }

    private static void Add(List<string> secrets, string? value)
    {
        if (value is { Length: >= LeastCharacters } && !secrets.Contains(value))
        {
            secrets.Add(value);
        }
    }
}
