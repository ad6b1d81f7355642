using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace GatewayKit.JwtBearer;

/// <summary>Refuses JwtBearer schemes that would take tokens of others, for others, or for ever.</summary>
internal sealed class JwtBearerChecks(IServiceProvider services) : IValidateOptions<IdentityPolicy>
{
    private static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(60);

    public ValidateOptionsResult Validate(string? name, IdentityPolicy options)
    {
        if (options.Mode is PolicyMode.Off || services.GetService<IAuthenticationSchemeProvider>() is not { } schemes)
        {
            return ValidateOptionsResult.Success;
        }

        var errors = new ValidateOptionsResultBuilder();
        IEnumerable<AuthenticationScheme?> named = options.Schemes.Count > 0 ? options.Schemes.Select(scheme => Now(schemes.GetSchemeAsync(scheme))) : [Now(schemes.GetDefaultAuthenticateSchemeAsync())];
        foreach (var scheme in named.OfType<AuthenticationScheme>().Where(static scheme => typeof(JwtBearerHandler).IsAssignableFrom(scheme.HandlerType)))
        {
            foreach (var fault in FaultsOf(services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>().Get(scheme.Name)))
            {
                errors.AddError($"Scheme '{scheme.Name}': {fault}");
            }
        }

        return errors.Build();
    }

    /// <summary>What is wrong with the settings of a scheme.</summary>
    public static IEnumerable<string> FaultsOf(JwtBearerOptions options)
    {
        if (options.TokenHandlers is [StrictTokenHandler])
        {
            yield break;
        }

        var parameters = options.TokenValidationParameters;
        string[] algorithms = [.. parameters.ValidAlgorithms ?? []];
        if (algorithms.Length == 0 && parameters.AlgorithmValidator is null)
        {
            yield return "It takes every algorithm (RFC 8725 §3.1). Set TokenValidationParameters.ValidAlgorithms to those of the issuer, such as \"RS256\".";
        }

        if (algorithms.Any(IsSymmetric) && !algorithms.All(IsSymmetric))
        {
            yield return "It takes algorithms of shared secrets beside others: a public key could be taken for a secret (RFC 8725 §2.1). Name those of one kind in TokenValidationParameters.ValidAlgorithms.";
        }

        if (algorithms.Contains("none", StringComparer.OrdinalIgnoreCase) || !parameters.RequireSignedTokens || parameters.SignatureValidator is not null)
        {
            yield return "It takes tokens without a signature, or checks signatures in its own way. Leave RequireSignedTokens on and SignatureValidator empty.";
        }

        var hasMetadata = options.ConfigurationManager is not null || options.Configuration is not null || !string.IsNullOrEmpty(options.Authority);
        if (parameters.IssuerValidator is null && parameters.IssuerValidatorUsingConfiguration is null
            && (!parameters.ValidateIssuer || (!hasMetadata && string.IsNullOrEmpty(parameters.ValidIssuer) && parameters.ValidIssuers?.Any() is not true)))
        {
            yield return "It takes tokens of every issuer that has the key. Set Authority or TokenValidationParameters.ValidIssuer, and leave ValidateIssuer on.";
        }

        if (parameters.AudienceValidator is null
            && (!parameters.ValidateAudience || (string.IsNullOrEmpty(options.Audience) && string.IsNullOrEmpty(parameters.ValidAudience) && parameters.ValidAudiences?.Any() is not true)))
        {
            yield return "It takes tokens that are for others (RFC 8725 §3.9). Set Audience, and leave ValidateAudience on.";
        }

        if (parameters.LifetimeValidator is null && (!parameters.ValidateLifetime || !parameters.RequireExpirationTime))
        {
            yield return "It takes tokens that have expired, or never do. Leave ValidateLifetime and RequireExpirationTime on.";
        }

        if (parameters.LifetimeValidator is null && parameters.ClockSkew > MaxSkew)
        {
            yield return $"It takes tokens {parameters.ClockSkew:c} after they have expired. Set TokenValidationParameters.ClockSkew to {MaxSkew:c} or less.";
        }

        if (!options.RequireHttpsMetadata && Uri.TryCreate(options.Authority ?? options.MetadataAddress, UriKind.Absolute, out var authority) && !GatewayJwtOptions.IsSafe(authority))
        {
            yield return "It fetches keys without TLS, so that whoever is on the way brings their own. Use https, and leave RequireHttpsMetadata on.";
        }
    }

    private static bool IsSymmetric(string algorithm) => algorithm.StartsWith("HS", StringComparison.Ordinal) || algorithm == SecurityAlgorithms.HmacSha256Signature;

    // At start there is nobody to await it; the framework's provider answers at once.
    private static T Now<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
