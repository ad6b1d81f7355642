using System.Collections.Frozen;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Consumers;

/// <summary>Plans, products and the consumers of the configuration: one immutable version.</summary>
internal sealed class ConsumerCatalog
{
    private readonly FrozenDictionary<string, Plan> _plans;
    private readonly FrozenDictionary<string, Product> _products;
    private readonly FrozenDictionary<string, ValueList<string>> _productsByRoute;
    private readonly FrozenSet<string> _consumerIds;
    private readonly FrozenDictionary<string, Consumer>.AlternateLookup<ReadOnlySpan<char>> _byKey;
    private readonly FrozenDictionary<string, Consumer>.AlternateLookup<ReadOnlySpan<char>> _byIdentity;
    private readonly FrozenDictionary<string, Consumer>.AlternateLookup<ReadOnlySpan<char>> _bySigningKey;
    private readonly FrozenDictionary<(string Product, string Plan), Plan> _offers;

    public ConsumerCatalog(IReadOnlyList<Plan> plans, IReadOnlyList<Product> products, IReadOnlyList<Consumer> consumers)
    {
        (Plans, Products, Consumers) = (plans, products, consumers);
        _plans = plans.ToFrozenDictionary(static plan => plan.Id, StringComparer.OrdinalIgnoreCase);
        _products = products.ToFrozenDictionary(static product => product.Id, StringComparer.OrdinalIgnoreCase);
        _productsByRoute = products.SelectMany(static product => product.Routes.Select(route => (route, product)))
            .GroupBy(static pair => pair.route, static pair => pair.product, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(static group => group.Key, static group => ValueList<string>.From(group.Select(static product => product.Id).Distinct(StringComparer.OrdinalIgnoreCase)), StringComparer.OrdinalIgnoreCase);
        _consumerIds = consumers.Select(static consumer => consumer.Id).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _offers = products.SelectMany(product => plans.Select(plan => KeyValuePair.Create((product.Id, plan.Id), PlanMerge.Of(product.Policies, plan))))
            .ToFrozenDictionary();
        _byKey = Index(consumers, static holder => holder.Keys.Select(static key => key.Id));
        _byIdentity = Index(consumers, static holder => holder.Identities);
        _bySigningKey = Index(consumers, static holder => holder.SigningKeys.Select(static key => key.Id));
    }

    public static ConsumerCatalog Empty { get; } = new([], [], []);

    public IReadOnlyList<Plan> Plans { get; }

    public IReadOnlyList<Product> Products { get; }

    /// <summary>Those of the configuration.</summary>
    public IReadOnlyList<Consumer> Consumers { get; }

    /// <summary>The ids of the products that a route is part of; none if it is open to all.</summary>
    public ValueList<string> ProductsOf(string routeId) => _productsByRoute.GetValueOrDefault(routeId) ?? ValueList<string>.Empty;

    /// <summary>The ids of the products that an endpoint is part of: of a route of the gateway those that held when it was built.</summary>
    public IReadOnlyList<string> ProductsOf(GatewayEndpoint endpoint) => endpoint.Products ?? ProductsOf(endpoint.RouteId);

    /// <summary>Whether the same routes are part of the same products in another version.</summary>
    public bool OffersSameRoutesAs(ConsumerCatalog other) =>
        ReferenceEquals(this, other) || (_productsByRoute.Count == other._productsByRoute.Count && _productsByRoute.All(entry => entry.Value.Equals(other._productsByRoute.GetValueOrDefault(entry.Key))));

    /// <summary>Whether the configuration has a consumer of that id; case is ignored.</summary>
    public bool HasConsumer(string id) => _consumerIds.Contains(id);

    /// <summary>The plan of a name; <see langword="null"/> if there is none that serves.</summary>
    public Plan? FindPlan(string? id) => id is not null && _plans.TryGetValue(id, out var plan) && IsServing(plan) ? plan : null;

    /// <summary>A plan of a product; <see langword="null"/> if there is none that serves.</summary>
    public Plan? FindPlan(string productId, string planId) =>
        _products.TryGetValue(productId, out var product) && (product.Plans.Count == 0 || product.Plans.Contains(planId, StringComparer.OrdinalIgnoreCase)) && FindPlan(planId) is { } plan ? _offers.GetValueOrDefault((product.Id, plan.Id)) : null;

    /// <summary>A consumer of the configuration.</summary>
    public Consumer? Find(CredentialKind kind, ReadOnlySpan<char> id)
    {
        var index = kind switch { CredentialKind.ApiKey => _byKey, CredentialKind.SigningKey => _bySigningKey, _ => _byIdentity };
        return index.TryGetValue(id, out var consumer) ? consumer : null;
    }

    private static bool IsServing(Plan plan) => plan.State is PlanState.Published or PlanState.Deprecated;

    // Keys and identities are told apart by case: they are secrets' names and foreign ids. Which is whose twice was refused before.
    private static FrozenDictionary<string, Consumer>.AlternateLookup<ReadOnlySpan<char>> Index(IReadOnlyList<Consumer> consumers, Func<ICredentialHolder, IEnumerable<string>> read) =>
        consumers.SelectMany(consumer => HoldersOf(consumer).SelectMany(read).Select(id => KeyValuePair.Create(id, consumer)))
            .DistinctBy(static pair => pair.Key, StringComparer.Ordinal)
            .ToFrozenDictionary(StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>A consumer and its applications.</summary>
    public static IEnumerable<ICredentialHolder> HoldersOf(Consumer consumer) => consumer.Applications.Prepend<ICredentialHolder>(consumer);
}
