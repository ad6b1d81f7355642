namespace GatewayKit.Routing;

/// <summary>What is different between two snapshots. Ids are in the order of the newer snapshot, those removed in the order of the older.</summary>
public sealed record SnapshotDiff
{
    internal static SnapshotDiff Empty { get; } = new();

    /// <summary>Ids of routes that are new.</summary>
    public IReadOnlyList<string> AddedRoutes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Ids of routes that are gone.</summary>
    public IReadOnlyList<string> RemovedRoutes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Routes that say something else.</summary>
    public IReadOnlyList<SnapshotChange> ChangedRoutes { get; init => field = ValueList<SnapshotChange>.From(value); } = ValueList<SnapshotChange>.Empty;

    /// <summary>Ids of clusters that are new.</summary>
    public IReadOnlyList<string> AddedClusters { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Ids of clusters that are gone.</summary>
    public IReadOnlyList<string> RemovedClusters { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Clusters that say something else.</summary>
    public IReadOnlyList<SnapshotChange> ChangedClusters { get; init => field = ValueList<SnapshotChange>.From(value); } = ValueList<SnapshotChange>.Empty;

    /// <summary>Whether the policies of every route are different.</summary>
    public bool DefaultsChanged { get; init; }

    /// <summary>Whether a plan was added, removed or says something else.</summary>
    public bool PlansChanged { get; init; }

    /// <summary>Whether a product was added, removed or says something else.</summary>
    public bool ProductsChanged { get; init; }

    /// <summary>Whether a configured consumer was added, removed or says something else.</summary>
    public bool ConsumersChanged { get; init; }

    /// <summary>Whether nothing is different.</summary>
    public bool IsEmpty => this == Empty;

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Lines().DefaultIfEmpty("nothing"));

    private IEnumerable<string> Lines()
    {
        foreach (var (kind, added, removed, changed) in new[] { ("route", AddedRoutes, RemovedRoutes, ChangedRoutes), ("cluster", AddedClusters, RemovedClusters, ChangedClusters) })
        {
            foreach (var line in added.Select(id => $"+{kind} {id}").Concat(removed.Select(id => $"-{kind} {id}")).Concat(changed.Select(change => $"~{kind} {change}")))
            {
                yield return line;
            }
        }

        foreach (var (name, isChanged) in new[] { ("defaults", DefaultsChanged), ("plans", PlansChanged), ("products", ProductsChanged), ("consumers", ConsumersChanged) })
        {
            if (isChanged)
            {
                yield return $"~{name}";
            }
        }
    }
}

/// <summary>A route or cluster that says something else than before.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Properties">The names of the properties that changed. Instead of <c>Policies</c> the types of the policies that did.</param>
public sealed record SnapshotChange(string Id, IReadOnlyList<string> Properties)
{
    /// <summary>The names of the properties that changed. Instead of <c>Policies</c> the types of the policies that did.</summary>
    public IReadOnlyList<string> Properties { get; init => field = ValueList<string>.From(value); } = ValueList<string>.From(Properties);

    /// <inheritdoc/>
    public override string ToString() => $"{Id} ({string.Join(", ", Properties)})";
}
