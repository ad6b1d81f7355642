using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Schemes;

/// <summary>Refuses policies whose schemes the host does not have: every request would fail.</summary>
internal sealed class SchemePresence(HostSchemes schemes) : IValidateOptions<IdentityPolicy>
{
    public ValidateOptionsResult Validate(string? name, IdentityPolicy options)
    {
        if (options.Mode is PolicyMode.Off)
        {
            return ValidateOptionsResult.Success;
        }

        if (!schemes.ArePresent)
        {
            return ValidateOptionsResult.Fail("The host has no authentication. Call builder.Services.AddAuthentication() and add a scheme, such as AddJwtBearer().");
        }

        // Callers of one would be taken for those of the other.
        var named = options.Schemes.Count > 0 ? options.Schemes : schemes.Find(null) is { } own ? [own.Name] : [];
        if (named.FirstOrDefault(static scheme => scheme is not null && scheme.Contains('/', StringComparison.Ordinal)) is { } parted)
        {
            return ValidateOptionsResult.Fail($"Schemes: '{parted}' has a slash, which stands between a scheme and its caller in identities: \"a/b\" of a caller \"c\" and \"a\" of \"b/c\" would be one. Give the scheme another name in AddAuthentication().");
        }

        if (named.FirstOrDefault(static scheme => IdentityPrefixes.Begin($"{scheme}/")) is { } taken)
        {
            return ValidateOptionsResult.Fail($"Schemes: '{taken}' is what the gateway's own way of finding out who calls puts in front of identities. Give the scheme another name in AddAuthentication().");
        }

        if (options.Schemes.Count == 0)
        {
            return schemes.Find(null) is not null ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail($"No scheme is named, and the host has no default one. Name it in Schemes{Describe()}, or in AddAuthentication(\"…\").");
        }

        string[] unknown = [.. options.Schemes.Where(scheme => !string.IsNullOrWhiteSpace(scheme) && schemes.Find(scheme) is null)];
        return unknown.Length == 0 ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(unknown.Select(scheme =>
                $"Schemes: The host has no authentication scheme '{scheme}'. {(NearestName.Of(scheme, schemes.Names) is { } nearest ? $"Did you mean '{nearest}'?" : $"Add it with AddAuthentication(), or name another{Describe()}.")}"));
    }

    private string Describe() => schemes.Names.Count == 0 ? string.Empty : $": {string.Join(", ", schemes.Names)}";
}
