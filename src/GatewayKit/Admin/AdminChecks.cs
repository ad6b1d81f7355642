using GatewayKit.Configuration;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.Admin;

/// <summary>Lets no host start whose admin API is open.</summary>
internal static class AdminChecks
{
    /// <param name="endpoints">The endpoints of the host.</param>
    /// <param name="policies">The host's authorization policies, if it has any.</param>
    public static IEnumerable<ConfigurationError> Check(IEnumerable<Endpoint> endpoints, IAuthorizationPolicyProvider? policies) =>
        endpoints.Where(static endpoint => endpoint.Metadata.GetMetadata<AdminMetadata>() is not null).SelectMany(endpoint => FaultsOf(endpoint, policies)).Distinct()
            .Select(static fault => new ConfigurationError("MapGatewayAdmin()", $"The admin API {fault}"));

    private static string[] FaultsOf(Endpoint endpoint, IAuthorizationPolicyProvider? policies)
    {
        var (metadata, data) = (endpoint.Metadata, endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>());
        if (metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return ["allows everybody (AllowAnonymous). Remove that."];
        }

        if (metadata.GetMetadata<AuthorizationPolicy>() is null && data.Count == 0)
        {
            return ["has no authorization policy, so that everybody could make keys. Write MapGatewayAdmin(policy: \"…\"), or app.MapGatewayAdmin().RequireAuthorization(\"…\")."];
        }

        string[] names = [.. data.Select(static one => one.Policy).OfType<string>().Where(static name => name.Length > 0)];
        if (policies is null)
        {
            return ["is closed by an authorization policy, and this host has none. Call builder.Services.AddAuthorization() with it."];
        }

        // Nobody else can wait when the host starts; the framework's own provider has them at hand.
        var known = Array.ConvertAll(names, name => (Name: name, Policy: policies.GetPolicyAsync(name).GetAwaiter().GetResult()));
        string[] missing =
        [
            .. known.Where(static one => one.Policy is null)
                .Select(static one => $"is closed by the authorization policy '{one.Name}', which there is not, so that nobody could use it. Correct the name, or add the policy in AddAuthorization()."),
        ];
        return missing.Length > 0 || data.Any(static one => !string.IsNullOrEmpty(one.Roles)) || known.Any(static one => IsOfSome(one.Policy!)) || metadata.GetOrderedMetadata<AuthorizationPolicy>().Any(IsOfSome)
            ? missing
            : ["lets everybody in who is signed in, partners too. Name the policy of administrators, with a role, a claim or a scheme of theirs: MapGatewayAdmin(policy: \"…\")."];
    }

    // To be signed in says nothing of what for, unless it is by a scheme that the policy names.
    private static bool IsOfSome(AuthorizationPolicy policy) =>
        policy.AuthenticationSchemes.Count > 0 || policy.Requirements.Any(static requirement => requirement is not DenyAnonymousAuthorizationRequirement);
}
