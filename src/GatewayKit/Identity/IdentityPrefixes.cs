namespace GatewayKit.Identity;

/// <summary>What stands in front of <see cref="Consumers.Consumer.Identities"/> that the gateway's own ways of finding out who calls look for. No claim of a token may say one.</summary>
internal static class IdentityPrefixes
{
    public const string Certificate = "certificate/";

    public const string Introspection = "introspection/";

    public const string ExternalAuthorization = "external-authorization/";

    /// <summary>Whether a text begins with one.</summary>
    public static bool Begin(string text) =>
        text.StartsWith(Certificate, StringComparison.Ordinal) || text.StartsWith(Introspection, StringComparison.Ordinal) || text.StartsWith(ExternalAuthorization, StringComparison.Ordinal);
}
