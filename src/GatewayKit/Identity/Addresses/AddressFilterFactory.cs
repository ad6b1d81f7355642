using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.Addresses;

/// <summary>Refuses requests by where they come from.</summary>
internal sealed class AddressFilterFactory(AddressFiles files) : GatewayFilterFactory<AddressPolicy>
{
    private static readonly GatewayProblem Refusal = new(RejectionReason.AddressNotAllowed);

    protected override EndpointFilterDelegate Create(AddressPolicy policy, GatewayEndpoint endpoint, EndpointFilterDelegate next)
    {
        var rules = new AddressRules(policy, files);
        return context => rules.Admit(context.HttpContext.Connection.RemoteIpAddress) ? next(context) : new(Refusal);
    }
}
