using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Introspection;

/// <summary>Looks at the start and on each reload whether the gateway's secret is there and of use.</summary>
internal sealed class IntrospectionSecretPresence(SecretReader secrets) : IValidateOptions<IntrospectionPolicy>
{
    public ValidateOptionsResult Validate(string? name, IntrospectionPolicy options) =>
        options.Mode is not PolicyMode.Off && ClientSecrets.FaultOf(secrets, options.ClientSecret, options.ClientAuthentication, nameof(options.ClientSecret)) is { } fault
            ? ValidateOptionsResult.Fail(fault)
            : ValidateOptionsResult.Success;
}
