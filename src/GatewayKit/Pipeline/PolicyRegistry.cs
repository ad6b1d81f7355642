using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Pipeline;

/// <summary>The policies this host knows: by type for the composer, by name for the configuration.</summary>
internal sealed class PolicyRegistry
{
    private readonly FrozenDictionary<Type, (PolicyRegistration Registration, IGatewayFilterFactory Factory)> _byType;
    private readonly FrozenDictionary<string, PolicyRegistration> _byName;

    public PolicyRegistry(IEnumerable<PolicyRegistration> registrations, IServiceProvider services)
    {
        var known = registrations.ToArray();
        _byType = known.ToFrozenDictionary(
            static registration => registration.PolicyType,
            registration => (registration, (IGatewayFilterFactory)services.GetRequiredService(registration.FactoryType)));
        _byName = known.ToFrozenDictionary(static registration => registration.Name, StringComparer.OrdinalIgnoreCase);
    }

    public IEnumerable<PolicyRegistration> Registrations => _byName.Values;

    public bool TryGet(string name, [NotNullWhen(true)] out PolicyRegistration? registration) => _byName.TryGetValue(name, out registration);

    /// <exception cref="InvalidOperationException">The capability of the policy was not added.</exception>
    public (PolicyRegistration Registration, IGatewayFilterFactory Factory) Get(IGatewayPolicy policy, GatewayEndpoint endpoint) =>
        _byType.TryGetValue(policy.GetType(), out var entry)
            ? entry
            : throw new InvalidOperationException(
                $"Endpoint '{endpoint}' has a {policy.GetType().Name}, but nothing serves it. Register it after AddApiGateway(): "
                + $".AddPolicy<{policy.GetType().Name}, TFactory>(\"Name\"), or the module's own Add… call.");
}
