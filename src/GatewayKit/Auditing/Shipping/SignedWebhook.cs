using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using GatewayKit.Secrets;

namespace GatewayKit.Auditing.Shipping;

/// <summary>A service that is told of the journal by POST, with a signature over the body, whose it is, and the time. It does not try again: whoever calls it does.</summary>
/// <param name="address">Where it is.</param>
/// <param name="secret">What bodies are signed with.</param>
/// <param name="time">The clock.</param>
internal sealed class SignedWebhook(Uri address, Secret secret, TimeProvider time) : IDisposable
{
    /// <summary>The field for the instance.</summary>
    public const string InstanceHeader = "Audit-Instance";

    /// <summary>The field for the boot.</summary>
    public const string BootHeader = "Audit-Boot";

    /// <summary>The field for time and signature: <c>t=1732900000,v1=…</c>.</summary>
    public const string SignatureHeader = "Audit-Signature";

    /// <summary>A secret has at least so many bytes: as many as the hash (RFC 2104 §3).</summary>
    public const int LeastSecretBytes = 32;

    // Names are looked up again after that.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null, PooledConnectionLifetime = ConnectionLifetime });

    /// <summary>What is wrong with an address; <see langword="null"/> if nothing is.</summary>
    public static string? FaultOf(Uri address) =>
        !address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback)) || address.UserInfo.Length > 0
            ? "Address must begin with https://, or with http:// on this machine, and have no password in it" : null;

    /// <summary>Sends a body. It returns when the service has it.</summary>
    /// <exception cref="AuditBatchRejectedException">The service refuses what is in it: 400, 413 or 422.</exception>
    /// <exception cref="AuditSinkBusyException">Any other status but 2xx, with the service's wish when to be asked again.</exception>
    /// <exception cref="InvalidOperationException">There is no secret.</exception>
    /// <exception cref="HttpRequestException">The service cannot be reached.</exception>
    public async Task PostAsync(string instance, Guid boot, byte[] body, MediaTypeHeaderValue type, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = type } };
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        request.Headers.Add(InstanceHeader, instance);
        request.Headers.Add(BootHeader, boot.ToString("D"));
        request.Headers.Add(SignatureHeader, Sign(instance, boot, body));
        using var answer = await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        var message = string.Create(CultureInfo.InvariantCulture, $"status {(int)answer.StatusCode}");
        throw answer.StatusCode switch
        {
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity => new AuditBatchRejectedException(message),
            _ => new AuditSinkBusyException(message) { RetryAfter = WishOf(answer) },
        };
    }

    public void Dispose() => _client.Dispose();

    private TimeSpan? WishOf(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
            _ => null,
        };

    // Instance and boot are signed too: the same lines must not pass for another one's.
    private string Sign(string instance, Guid boot, byte[] body)
    {
        var key = Encoding.UTF8.GetBytes(secret.Value ?? string.Empty);
        if (key.Length < LeastSecretBytes)
        {
            throw new InvalidOperationException($"The secret '{secret}' is missing, or has less than {LeastSecretBytes} bytes.");
        }

        var seconds = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.UTF8.GetBytes($"{seconds}.{instance}.{boot:D}."));
        hash.AppendData(body);
        return $"t={seconds},v1={Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }
}
