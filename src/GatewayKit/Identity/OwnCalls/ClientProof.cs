using System.Net;
using System.Text;
using GatewayKit.Identity.Signatures;
using GatewayKit.Identity.Upstream;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>Who the gateway is to an authorization server, and how it proves that.</summary>
/// <param name="Endpoint">What it asks there.</param>
/// <param name="ClientId">Its name.</param>
/// <param name="Way">How it proves it.</param>
internal readonly record struct ClientProof(Uri Endpoint, string ClientId, ClientAuthentication Way)
{
    /// <summary>Writes the proof into a request and its form.</summary>
    /// <param name="request">The request.</param>
    /// <param name="form">Its form.</param>
    /// <param name="secret">The secret, or the private key in PEM.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The key cannot sign.</exception>
    /// <exception cref="ArgumentException">It is no key.</exception>
    public void Write(HttpRequestMessage request, ICollection<KeyValuePair<string, string>> form, string secret, DateTimeOffset now)
    {
        switch (Way)
        {
            case ClientAuthentication.Basic:
                // Each encoded as in a form before they are joined, or one with a colon would be another one (RFC 6749 §2.3.1).
                request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{WebUtility.UrlEncode(ClientId)}:{WebUtility.UrlEncode(secret)}")));
                break;
            case ClientAuthentication.Post:
                form.Add(new("client_id", ClientId));
                form.Add(new("client_secret", secret));
                break;
            default:
                form.Add(new("client_id", ClientId));
                form.Add(new("client_assertion_type", ClientAssertion.Type));
                form.Add(new("client_assertion", ClientAssertion.Create(ClientId, Endpoint, SignatureKey.FromPem(secret, usePss: false), now)));
                break;
        }
    }
}
