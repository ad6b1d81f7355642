using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Introspection;

/// <summary>Finds out who is calling by a token that an authorization server is asked about.</summary>
internal sealed class IntrospectionFilterFactory(
    IntrospectionServers servers, ConsumerDirectory directory, Guesses guesses, IdentityMetrics metrics, TimeProvider time, IOptions<GatewayOptions> options, IOptions<ApiKeyOptions> keys)
    : AuthenticationFilterFactory<IntrospectionPolicy>
{
    protected override AuthenticationCheck CreateCheck(IntrospectionPolicy policy, GatewayEndpoint endpoint) =>
        new IntrospectionCheck(policy, endpoint, servers.Of(policy), directory, guesses, keys.Value.Prefix, ChallengesOf(policy)[0], metrics, time).RunAsync;

    protected override bool ReadsAuthorization(IntrospectionPolicy policy) => true;

    // RFC 6750 §3: without a token there is nothing to say of it.
    protected override IReadOnlyList<string> ChallengesOf(IntrospectionPolicy policy) => [$"Bearer realm=\"{options.Value.Pseudonym}\""];
}
