using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Introspection;

/// <summary>What servers have said, by what their answers depend on: a reload that changes nothing of it forgets nothing.</summary>
internal sealed class IntrospectionServers(IntrospectionClient client, IntrospectionMetrics metrics, TimeProvider time, IOptions<GatewayOptions> options)
{
    private readonly WeakMap<IntrospectionPolicy, IntrospectedTokens> _servers = new();

    /// <summary>Those in use.</summary>
    public IReadOnlyList<IntrospectedTokens> InUse => _servers.InUse;

    /// <summary>What the server of a policy has said.</summary>
    public IntrospectedTokens Of(IntrospectionPolicy policy)
    {
        var terms = policy.ToTerms();
        return _servers.GetOrAdd(terms, () =>
        {
            var secret = client.Open(terms);
            var claims = CallerClaims.NamesOf(terms.ConsumerClaims.Count > 0 ? terms.ConsumerClaims : options.Value.ConsumerClaims);
            return new(terms, claims, token => client.AskAsync(terms, secret, token), metrics, time);
        });
    }
}
