using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Secrets;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.Identity.Introspection;

/// <summary>Asks authorization servers about tokens (RFC 7662 §2.1). Never throws, and says of a failure a word of a few.</summary>
internal sealed class IntrospectionClient(IHttpClientFactory clients, SecretReader secrets, TimeProvider time, IHostApplicationLifetime? lifetime = null)
{
    /// <summary>The name of the client of <see cref="IHttpClientFactory"/>.</summary>
    public const string ClientName = "GatewayKit.Introspection";

    // Larger than any answer, smaller than what would be felt.
    private const int MostBytes = 65_536;

    private const string JsonType = "application/json";

    private static readonly MediaTypeWithQualityHeaderValue Json = new(JsonType);

    public Secret Open(IntrospectionPolicy terms) => secrets.Open(terms.ClientSecret);

    /// <summary>Asks about a token.</summary>
    /// <param name="terms">Whom, and who the gateway is there.</param>
    /// <param name="secret">The gateway's secret.</param>
    /// <param name="token">The token.</param>
    /// <returns>The answer, or why there is none; and whether it is the gateway that the server does not know, so that any other question would end the same way.</returns>
    public async Task<(IntrospectionAnswer? Answer, CallFailure Failure, bool IsStranger)> AskAsync(IntrospectionPolicy terms, Secret secret, string token)
    {
        try
        {
            if (secret.Value is not { } value)
            {
                return (null, CallFailure.NoSecret, true);
            }

            using var request = CreateRequest(terms, value, token);
            using var limit = new CancellationTokenSource(terms.Timeout, time);

            // Nobody waits any more, and what the client is made of would be disposed of only when it has come back.
            using var stopped = lifetime?.ApplicationStopped.UnsafeRegister(static limit => ((CancellationTokenSource)limit!).Cancel(), limit);
            using var client = clients.CreateClient(ClientName);
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            if (answer.StatusCode is not HttpStatusCode.OK)
            {
                // 401 alone is about the gateway (RFC 7662 §2.3). A 403 may be of something in front that does not like one token.
                return (null, FailureOf(answer.StatusCode), answer.StatusCode is HttpStatusCode.Unauthorized);
            }

            if (!string.Equals(answer.Content.Headers.ContentType?.MediaType, JsonType, StringComparison.OrdinalIgnoreCase))
            {
                return (null, CallFailure.Malformed, false);
            }

            return await OwnAnswer.ReadAsync(answer.Content, MostBytes, limit.Token).ConfigureAwait(false) is not { } body ? (null, CallFailure.TooLarge, false)
                : IntrospectionAnswer.Read(body, terms.Name) is { } read ? (read, CallFailure.None, false)
                : (null, CallFailure.Malformed, false);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or FormatException)
        {
            return (null, CallFailure.NoSecret, true);
        }
#pragma warning disable CA1031 // A handler of the host may throw anything; whatever it is, there is no answer, and its words may have a token in them.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return (null, CallFailures.Of(exception), false);
        }
    }

    private HttpRequestMessage CreateRequest(IntrospectionPolicy terms, string secret, string token)
    {
        var form = new List<KeyValuePair<string, string>> { new("token", token), new("token_type_hint", "access_token") };
        var request = new HttpRequestMessage(HttpMethod.Post, terms.Endpoint);
        request.Headers.Accept.Add(Json);
        request.Options.Set(OwnCallClient.Timeout, terms.Timeout);
        new ClientProof(terms.Endpoint, terms.ClientId, terms.ClientAuthentication).Write(request, form, secret, time.GetUtcNow());
        request.Content = new FormUrlEncodedContent(form);
        return request;
    }

    private static CallFailure FailureOf(HttpStatusCode status) =>
        (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests ? CallFailure.ServerError
        : (int)status >= 400 ? CallFailure.Refused
        : CallFailure.Malformed;
}
