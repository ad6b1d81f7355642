using System.Diagnostics.CodeAnalysis;
using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>The policies this host knows, by their keys in JSON. Unlike the composer's registry it creates nothing.</summary>
internal sealed class PolicyNames(IEnumerable<PolicyRegistration> registrations)
{
    private readonly Dictionary<string, PolicyRegistration> _byName =
        registrations.ToDictionary(static registration => registration.Name, StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<Type, PolicyRegistration> _byType = registrations.ToDictionary(static registration => registration.PolicyType);

    /// <summary>All of them, in the order of their names.</summary>
    public IEnumerable<PolicyRegistration> All => _byName.Values.OrderBy(static registration => registration.Name, StringComparer.OrdinalIgnoreCase);

    public bool TryGet(string name, [NotNullWhen(true)] out PolicyRegistration? registration) => _byName.TryGetValue(name, out registration);

    public bool TryGet(Type policy, [NotNullWhen(true)] out PolicyRegistration? registration) => _byType.TryGetValue(policy, out registration);

    /// <summary>Those that may stand in a record or list.</summary>
    public IEnumerable<PolicyRegistration> Of(ModelType place) => All.Where(place.Takes);

    /// <summary>A sentence that lists those that may stand in a record or list.</summary>
    public string Describe(ModelType place) => Of(place).Count() == All.Count() ? Describe()
        : $"Policies that go here: {string.Join(", ", Of(place).Select(static registration => registration.Name))}.";

    /// <summary>A sentence that lists them.</summary>
    public string Describe() => _byName.Count == 0
        ? "No policies are registered; a module's Add… call registers its own."
        : $"Policies registered: {string.Join(", ", All.Select(static registration => registration.Name))}. A module's Add… call registers its own.";
}
