using System.Text;

namespace GatewayKit.Identity.Upstream;

/// <summary>Makes the header of a credential that does not change by itself.</summary>
internal static class StaticTransform
{
    /// <returns><see langword="null"/> if there is no secret, or one that cannot stand in a header.</returns>
    public static CredentialTransform? Create(StaticCredential credential, string? secret)
    {
        if (secret is null || WhyUnfit(credential, secret) is not null)
        {
            return null;
        }

        var value = credential.User is { } user ? $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secret}"))}"
            : credential.Scheme is { } scheme ? $"{scheme} {secret}"
            : secret;
        return new(credential.Header, value);
    }

    /// <returns>Why a secret cannot be sent, without it; <see langword="null"/> if it can.</returns>
    public static string? WhyUnfit(StaticCredential credential, string secret) =>
        credential.User is null && !CredentialTransform.CanStand(secret)
            ? $"The secret at {credential.Secret} has characters that cannot stand in a header: it must be visible ASCII, without spaces at its ends." : null;
}
