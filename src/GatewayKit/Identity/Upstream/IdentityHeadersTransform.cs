using System.Security.Claims;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Upstream;

/// <summary>Removes what clients say of themselves, then writes what the gateway knows: in this order, so that nobody can have it the other way round.</summary>
internal sealed class IdentityHeadersTransform(IdentityHeadersPolicy policy) : IForwardTransform
{
    private readonly FieldNames _names = new(policy.Headers);
    private readonly KeyValuePair<string, string>[] _claims = [.. policy.Claims];

    public void TransformRequest(ForwardRequest request)
    {
        request.RemoveAliases(_names);
        var caller = Caller.Of(request.HttpContext);
        if (caller.Consumer is { } consumer)
        {
            Write(request, policy.Consumer, consumer.Id);
            Write(request, policy.Application, consumer.ApplicationId);
            Write(request, policy.Product, consumer.ProductId);
            Write(request, policy.Plan, consumer.Plan?.Id);
            Write(request, policy.Credential, consumer.CredentialId);
            if (consumer.Scopes.Count > 0 && policy.Scopes.Length > 0)
            {
                request.AppendHeader(policy.Scopes, string.Join(' ', consumer.Scopes.Select(IdentityText.Encode)));
            }
        }

        foreach (var (type, header) in _claims)
        {
            if (caller.Claims is { } claims && ValueOf(claims, type) is { } value)
            {
                request.AppendHeader(header, value);
            }
        }
    }

    private static void Write(ForwardRequest request, string header, string? value)
    {
        if (header.Length > 0 && value is not null)
        {
            request.AppendHeader(header, IdentityText.Encode(value));
        }
    }

    // Of identities that somebody has authenticated: others are what the client says.
    private static string? ValueOf(ClaimsPrincipal caller, string type)
    {
        string? joined = null;
        foreach (var identity in caller.Identities)
        {
            if (!identity.IsAuthenticated)
            {
                continue;
            }

            foreach (Claim claim in identity.FindAll(type))
            {
                var value = IdentityText.Encode(claim.Value);
                joined = joined is null ? value : $"{joined},{value}";
            }
        }

        return joined;
    }
}
