namespace GatewayKit.Identity.Cors;

/// <summary>Origins as settings name them.</summary>
internal static class CorsOrigin
{
    /// <summary>What is wrong with one; <see langword="null"/> if browsers write it like this, or it is <c>*</c> or <c>null</c>.</summary>
    public static string? FaultOf(string origin)
    {
        if (origin is "*" or "null")
        {
            return null;
        }

        // Who compares ends or beginnings lets https://good.example.evil in.
        if (origin.Contains('*', StringComparison.Ordinal))
        {
            return $"'{origin}' has a wildcard, and origins are compared as a whole. Name each of them, or write '*' alone for all.";
        }

        if (!Uri.TryCreate(origin, UriKind.Absolute, out var address) || address.Host.Length == 0)
        {
            return $"'{origin}' is not an origin such as \"https://app.example.com\", \"*\" or \"null\". (Names of CORS policies of the framework go to RequireCors.)";
        }

        var host = address.HostNameType is UriHostNameType.IPv6 ? address.Host : address.IdnHost;
        var written = $"{address.Scheme}://{host}{(address.IsDefaultPort ? string.Empty : $":{address.Port}")}";
        return written == origin ? null : $"'{origin}' is not how browsers write an origin, and would never be met. Write '{written}'.";
    }
}
