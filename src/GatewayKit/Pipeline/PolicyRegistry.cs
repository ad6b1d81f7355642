using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Pipeline;

/// <summary>The policies this host knows: by type for the composer, by name for the configuration.</summary>
internal sealed class PolicyRegistry
{
    // Asked when endpoints are built, never by a request: to freeze these would take longer than all their look-ups.
    private readonly Dictionary<Type, Entry> _byType;
    private readonly Dictionary<string, PolicyRegistration> _byName;

    public PolicyRegistry(IEnumerable<PolicyRegistration> registrations, IServiceProvider services)
    {
        var known = registrations.ToArray();
        _byType = known.ToDictionary(
            static registration => registration.PolicyType,
            registration => new Entry(registration, (IGatewayFilterFactory)services.GetRequiredService(registration.FactoryType)));
        _byName = known.ToDictionary(static registration => registration.Name, StringComparer.OrdinalIgnoreCase);
    }

    public IEnumerable<PolicyRegistration> Registrations => _byName.Values;

    /// <summary>What to tell a host that uses a policy without its capability.</summary>
    public static string DescribeMissing(IGatewayPolicy policy)
    {
        var type = policy.GetType();
        var call = type.GetCustomAttribute<AddedByAttribute>()?.Call ?? $"AddPolicy<{type.Name}, TFactory>(\"Name\")";
        return $"{type.Name} has nothing that serves it. Call builder.Services.AddApiGateway().{call}.";
    }

    /// <summary>What keeps a policy from being applied, as far as that is known before it is looked at.</summary>
    public string? FaultOf(IGatewayPolicy policy) =>
        FactoryOf(policy) is null ? DescribeMissing(policy)
        : ModeFaults.Of(policy).FirstOrDefault() is { Key: { } key, Message: var message } ? $"{NameOf(policy)}:{key}: {message}"
        : null;

    public bool TryGet(string name, [NotNullWhen(true)] out PolicyRegistration? registration) => _byName.TryGetValue(name, out registration);

    /// <summary>What serves a policy, if its capability was added.</summary>
    public IGatewayFilterFactory? FactoryOf(IGatewayPolicy policy) =>
        _byType.TryGetValue(policy.GetType(), out var entry) ? entry.Factory : null;

    public string NameOf(IGatewayPolicy policy) =>
        _byType.TryGetValue(policy.GetType(), out var entry) ? entry.Registration.Name : policy.GetType().Name;

    private sealed record Entry(PolicyRegistration Registration, IGatewayFilterFactory Factory);
}
