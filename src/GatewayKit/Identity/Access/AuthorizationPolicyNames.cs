using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Access;

/// <summary>Refuses names of authorization policies that the host does not have.</summary>
internal sealed class AuthorizationPolicyNames(IAuthorizationPolicyProvider? provider = null) : IValidateOptions<AccessPolicy>
{
    public ValidateOptionsResult Validate(string? name, AccessPolicy options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (options.Mode is not PolicyMode.Off && options.AuthorizationPolicies.Count > 0 && provider is null)
        {
            errors.AddError("AuthorizationPolicies: this host has none. Call builder.Services.AddAuthorization() with them.");
        }
        else if (options.Mode is not PolicyMode.Off)
        {
            // At start and on reload, where nobody else can wait; the framework's own provider has them at hand.
            foreach (var policy in options.AuthorizationPolicies.Where(policy => provider!.GetPolicyAsync(policy).GetAwaiter().GetResult() is null))
            {
                errors.AddError($"AuthorizationPolicies: there is no authorization policy '{policy}'. Correct the name, or add the policy in AddAuthorization().");
            }
        }

        return errors.Build();
    }
}
