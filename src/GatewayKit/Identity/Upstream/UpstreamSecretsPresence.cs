using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Upstream;

/// <summary>Looks at the start and on each reload whether the secrets are there and of use: their values are in no message.</summary>
internal sealed class UpstreamSecretsPresence(SecretReader secrets) : IValidateOptions<UpstreamCredentialsPolicy>
{
    public ValidateOptionsResult Validate(string? name, UpstreamCredentialsPolicy options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.Mode is PolicyMode.Off)
        {
            return ValidateOptionsResult.Success;
        }

        Check(options.ClientCredentials, nameof(options.ClientCredentials), errors);
        Check(options.TokenExchange, nameof(options.TokenExchange), errors);
        if (options.Static is { } credential)
        {
            var property = credential.User is null ? nameof(credential.Value) : nameof(credential.Password);
            if (secrets.Read(credential.Secret, out var problem) is not { } value)
            {
                errors.AddError($"{nameof(options.Static)}:{property} is {credential.Secret}. {problem}");
            }
            else if (StaticTransform.WhyUnfit(credential, value) is { } unfit)
            {
                errors.AddError($"{nameof(options.Static)}:{property}: {unfit}");
            }
        }

        if (options.Sign is { } signing)
        {
            if (secrets.Read(signing.Key, out var problem) is not { } value)
            {
                errors.AddError($"{nameof(options.Sign)}:{nameof(signing.Key)} is {signing.Key}. {problem}");
            }
            else if (SigningKeys.Create(value) is null)
            {
                errors.AddError($"{nameof(options.Sign)}:{nameof(signing.Key)}: what is at {signing.Key} is no key to sign with: a private key in PEM, of RSA with 2,048 bits or more or of the curves P-256 and P-384, or at least 32 bytes.");
            }
        }

        return errors.Build();
    }

    private void Check(TokenGrant? grant, string property, ValidateOptionsResultBuilder errors)
    {
        if (grant is null)
        {
            return;
        }

        if (ClientSecrets.FaultOf(secrets, grant.ClientSecret, grant.ClientAuthentication, $"{property}:{nameof(grant.ClientSecret)}") is { } fault)
        {
            errors.AddError(fault);
        }
    }
}
