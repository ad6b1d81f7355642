using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Identity.AnyOf;

/// <summary>Takes the first credential that is there, and wants the others that are there to hold as well.</summary>
/// <param name="services">Where the registry is, which makes this.</param>
internal sealed class AnyOfFilterFactory(IServiceProvider services) : GatewayFilterFactory<AnyOfPolicy>
{
    private readonly Lazy<PolicyRegistry> _registry = new(services.GetRequiredService<PolicyRegistry>);

    protected override EndpointFilterDelegate Create(AnyOfPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        // The ways are in force as the whole is: what is only tried takes nothing from a request.
        var ways = new CredentialWays(policy.Policies
            .Select(way => policy.Mode is PolicyMode.Shadow && way.Mode is not PolicyMode.Off ? way.InShadow() as ICredentialPolicy ?? way : way)
            .Select(way => (way, (IAuthenticationFactory)_registry.Value.FactoryOf(way)!)));
        var choice = new CredentialChoice(ways.ChecksOf(endpoint), new(RejectionReason.Unauthenticated) { Challenges = ways.Challenges, Challenge = ways.Challenge, Cause = "authorization-not-read" });
        return Identification.Link(
            choice.CheckAsync,
            new(RejectionReason.Unauthenticated) { Challenges = ways.Challenges, Challenge = ways.Challenge },
            policy.Mode is PolicyMode.Enforce,
            next);
    }
}
