using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.ApiKeys;

/// <summary>Finds out who is calling by an API key.</summary>
internal sealed class ApiKeyFilterFactory(ApiKeyChecker checker, IOptions<GatewayOptions> options) : AuthenticationFilterFactory<ApiKeyPolicy>
{
    protected override AuthenticationCheck CreateCheck(ApiKeyPolicy policy, GatewayEndpoint endpoint)
    {
        if (policy.QueryParameter is { } parameter)
        {
            checker.NoteQuery(endpoint.RouteId, parameter);
        }

        return new ApiKeyCheck(checker, policy, endpoint, options.Value.Pseudonym).CheckAsync;
    }

    protected override bool ReadsAuthorization(ApiKeyPolicy policy) => string.Equals(policy.Header, "Authorization", StringComparison.OrdinalIgnoreCase);

    protected override IReadOnlyList<string> ChallengesOf(ApiKeyPolicy policy) => [ApiKeyCheck.ChallengeOf(policy, options.Value.Pseudonym)];
}
