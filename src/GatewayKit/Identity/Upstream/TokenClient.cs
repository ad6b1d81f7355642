using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Secrets;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.Identity.Upstream;

/// <summary>Asks authorization servers for tokens. Never throws, and says of a failure a word of a few.</summary>
internal sealed class TokenClient(
    IHttpClientFactory clients, SecretReader secrets, TokenMetrics metrics, TimeProvider time, IHostApplicationLifetime? lifetime = null, Func<double>? random = null)
{
    /// <summary>The name of the client of <see cref="IHttpClientFactory"/>.</summary>
    public const string ClientName = "GatewayKit.Tokens";

    // Larger than any token, smaller than what would be felt.
    private const int MostBytes = 65_536;

    private static readonly MediaTypeWithQualityHeaderValue Json = new("application/json");

    /// <summary>Gets a token.</summary>
    /// <param name="grant">From whom, and for what.</param>
    /// <param name="secret">The gateway's secret.</param>
    /// <param name="subject">The caller's token, for an exchange.</param>
    public async Task<TokenResult> FetchAsync(TokenGrant grant, Secret secret, string? subject)
    {
        var began = time.GetTimestamp();
        var result = await AskAsync(grant, secret, subject).ConfigureAwait(false);
        metrics.Fetched(NameOf(grant), grant.TokenEndpoint.Host, result.Failure, time.GetElapsedTime(began));
        return result;
    }

    public Secret Open(TokenGrant grant) => secrets.Open(grant.ClientSecret);

    public void Recovered(TokenGrant grant) => metrics.Recovered(NameOf(grant), grant.TokenEndpoint.Host);

    private static string NameOf(TokenGrant grant) => grant is TokenExchange ? "token-exchange" : "client_credentials";

    private async Task<TokenResult> AskAsync(TokenGrant grant, Secret secret, string? subject)
    {
        try
        {
            if (secret.Value is not { } value)
            {
                return TokenResult.Failed(CallFailure.NoSecret);
            }

            using var request = CreateRequest(grant, value, subject);
            using var limit = new CancellationTokenSource(grant.Timeout, time);

            // Nobody waits any more, and what the client is made of would be disposed of only when it has come back.
            using var stopped = lifetime?.ApplicationStopped.UnsafeRegister(static limit => ((CancellationTokenSource)limit!).Cancel(), limit);
            using var client = clients.CreateClient(ClientName);
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            if (await OwnAnswer.ReadAsync(answer.Content, MostBytes, limit.Token).ConfigureAwait(false) is not { } body)
            {
                return TokenResult.Failed(CallFailure.TooLarge);
            }

            return answer.StatusCode is not HttpStatusCode.OK ? TokenResult.Failed(TokenAnswer.FailureOf(answer.StatusCode, body, subject is not null))
                : TokenAnswer.Read(body) is not var (token, good) ? TokenResult.Failed(CallFailure.Malformed)
                : new(new(token, grant is TokenExchange { MaxAge: var most } && most < good ? most : good, time.GetUtcNow(), random ?? Random.Shared.NextDouble), CallFailure.None);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or FormatException)
        {
            return TokenResult.Failed(CallFailure.NoSecret);
        }
#pragma warning disable CA1031 // A handler of the host may throw anything; whatever it is, there is no token, and its words may have a secret in them.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return TokenResult.Failed(CallFailures.Of(exception));
        }
    }

    private HttpRequestMessage CreateRequest(TokenGrant grant, string secret, string? subject)
    {
        var form = new List<KeyValuePair<string, string>>();
        var request = new HttpRequestMessage(HttpMethod.Post, grant.TokenEndpoint);
        request.Headers.Accept.Add(Json);
        request.Options.Set(OwnCallClient.Timeout, grant.Timeout);
        if (grant is TokenExchange exchange)
        {
            Add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
            Add("subject_token", subject);
            Add("subject_token_type", exchange.SubjectTokenType);
            Add("requested_token_type", exchange.RequestedTokenType);
        }
        else
        {
            Add("grant_type", "client_credentials");
        }

        Add("scope", grant.Scopes.Count == 0 ? null : string.Join(' ', grant.Scopes));
        Add("audience", grant.Audience);
        Add("resource", grant.Resource?.OriginalString);
        new ClientProof(grant.TokenEndpoint, grant.ClientId, grant.ClientAuthentication).Write(request, form, secret, time.GetUtcNow());
        request.Content = new FormUrlEncodedContent(form);
        return request;

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                form.Add(new(name, value));
            }
        }
    }
}
