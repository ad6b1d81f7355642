using GatewayKit.Clusters;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>
/// Binds a configuration section to the records of the model, strictly: what is not understood is an error, and all errors are found at
/// once. What has an error is left out of the result, so that the rest can be validated in the same run.
/// </summary>
/// <remarks>Configuration providers read <c>{}</c> and <c>null</c> as the same thing, likewise <c>[]</c> and an empty string.</remarks>
internal sealed class SectionBinder(ModelTypes types, PolicyNames policies)
{
    /// <summary>Reads routes, clusters and defaults; the other keys of the section are those of <see cref="GatewayOptions"/>.</summary>
    /// <param name="section">The section.</param>
    /// <param name="errors">Takes the errors.</param>
    /// <param name="gaps">Takes the items of lists that are missing in the result.</param>
    public RouteSet BindRouteSet(IConfiguration section, ICollection<ConfigurationError> errors, ListGaps? gaps = null)
    {
        var (set, options) = (types.Get(typeof(RouteSet)), types.Get(typeof(GatewayOptions)));
        var reading = new Reading(errors, policies) { Gaps = gaps };
        var values = new Dictionary<ModelProperty, object?>();
        if (IsWholeHost(section, set))
        {
            errors.Add(new(GatewaySections.DefaultName, $"This is the host's whole configuration, not the gateway's section of it. Write AddApiGateway(configuration.GetSection(\"{GatewaySections.DefaultName}\"))."));
            return new();
        }

        foreach (var child in SectionReader.Read(section).GetChildren())
        {
            if (set.Find(child.Key) is { } property)
            {
                if (Bind(property.Type, child, reading) is { } value)
                {
                    values[property] = value;
                }
            }
            else if (options.Find(child.Key) is { } option)
            {
                Bind(option.Type, child, reading);
            }
            else
            {
                reading.UnknownKey(child, set.Properties.AsEnumerable().Concat(options.Properties).Select(static known => known.Name));
            }
        }

        return (RouteSet)set.Create!(values);
    }

    /// <summary>Sets the host-wide options that the section names. Errors are those that <see cref="BindRouteSet"/> finds.</summary>
    public void BindOptions(IConfiguration section, GatewayOptions options)
    {
        var reading = new Reading([], policies);
        foreach (var child in SectionReader.Read(section).GetChildren())
        {
            if (types.Get(typeof(GatewayOptions)).Find(child.Key) is { } option && Bind(option.Type, child, reading) is { } value)
            {
                option.Set(options, value);
            }
        }
    }

    /// <summary>Reads a consumer.</summary>
    /// <returns><see langword="null"/> if it has errors that leave nothing of it.</returns>
    public Consumer? BindConsumer(IConfigurationSection section, string id, ICollection<ConfigurationError> errors) =>
        (Consumer?)BindRecord(types.Get(typeof(Consumer)), section, new Reading(errors, policies), id);

    /// <summary>Reads limits of a plan, a subscription or a key.</summary>
    /// <returns><see langword="null"/> if it has errors that leave nothing of them.</returns>
    public IReadOnlyList<IPlanLimit>? BindLimits(IConfigurationSection section, ICollection<ConfigurationError> errors) =>
        (IReadOnlyList<IPlanLimit>?)BindPolicies(types.Get(typeof(IReadOnlyList<IPlanLimit>)), section, new Reading(errors, policies));

    // Environment variables and all: each of its keys would be an unknown one.
    private static bool IsWholeHost(IConfiguration section, ModelType set) =>
        section is not IConfigurationSection && !section.GetChildren().Any(child => set.Find(child.Key) is not null)
        && section.GetSection(GatewaySections.DefaultName).GetChildren().Any();

    private object? Bind(ModelType type, IConfigurationSection node, Reading reading) => type.Kind switch
    {
        ModelKind.Scalar => BindScalar(type.Format!, node, reading),
        ModelKind.Flags => BindFlags(type, node, reading),
        ModelKind.List => BindList(type, node, reading),
        ModelKind.Map => BindMap(type, node, reading),
        ModelKind.Keyed => BindKeyed(type, node, reading),
        ModelKind.Policies => BindPolicies(type, node, reading),
        ModelKind.Union => BindUnion(type, node, reading),
        ModelKind.Record => BindRecord(type, node, reading),
        _ => reading.Fail(node, "can only be said in code."),
    };

    private static object? BindScalar(ScalarFormat format, IConfigurationSection node, Reading reading)
    {
        if (node.GetChildren().Any())
        {
            return reading.Fail(node, $"is {(Reading.IsArray(node) ? "an array" : "an object")}, and must be {format.Expected}.");
        }

        if (node.Value is null)
        {
            return reading.Fail(node, "is null. Give it a value or remove the key.");
        }

        return format.TryRead(node.Value, out var value) is { } problem ? reading.Fail(node, problem) : value;
    }

    private static object? BindFlags(ModelType type, IConfigurationSection node, Reading reading)
    {
        if (!reading.TryGetItems(node, out var items))
        {
            return null;
        }

        long flags = 0;
        foreach (var item in items)
        {
            if (BindScalar(type.Format!, item, reading) is { } flag)
            {
                flags |= Convert.ToInt64(flag, System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return items.Count == 0 ? reading.Fail(node, $"is empty. Name at least one of the values, or remove the key. It takes {type.Format!.Expected}.") : Enum.ToObject(type.Type, flags);
    }

    private Array? BindList(ModelType type, IConfigurationSection node, Reading reading) =>
        reading.TryGetItems(node, out var items) ? ModelInstances.List(type.Item, Items(type.Item, node, items, reading)) : null;

    private IEnumerable<object> Items(ModelType type, IConfigurationSection node, IReadOnlyList<IConfigurationSection> items, Reading reading)
    {
        for (var index = 0; index < items.Count; index++)
        {
            if (BindItem(type, items[index], reading) is { } value)
            {
                yield return value;
            }
            else
            {
                reading.Gaps?.Add(node.Path, index);
            }
        }
    }

    private object? BindItem(ModelType type, IConfigurationSection item, Reading reading) =>
        type.Kind is ModelKind.Record or ModelKind.Union && Reading.IsNothing(item)
            ? reading.Fail(item, "is null or an empty object. Remove the item or say something in it.")
            : Bind(type, item, reading);

    private object? BindMap(ModelType type, IConfigurationSection node, Reading reading) =>
        reading.TryGetObject(node, type) ? ModelInstances.Map(type.Item, Entries(type.Item, node, reading)) : null;

    private IEnumerable<KeyValuePair<string, object>> Entries(ModelType type, IConfigurationSection node, Reading reading)
    {
        foreach (var child in node.GetChildren())
        {
            if (Bind(type, child, reading) is { } value)
            {
                yield return new(child.Key, value);
            }
        }
    }

    private Array? BindKeyed(ModelType type, IConfigurationSection node, Reading reading)
    {
        if (!reading.TryGetObject(node, type))
        {
            return null;
        }

        var items = new List<object>();
        foreach (var child in node.GetChildren())
        {
            if (BindRecord(type.Item, child, reading, child.Key) is { } item)
            {
                items.Add(item);
            }
        }

        return ModelInstances.List(type.Item, items);
    }

    private Array? BindPolicies(ModelType type, IConfigurationSection node, Reading reading)
    {
        if (!reading.TryGetObject(node))
        {
            return null;
        }

        var bound = new List<IGatewayPolicy>();
        foreach (var child in node.GetChildren())
        {
            if (policies.TryGet(child.Key, out var registration) && type.Takes(registration))
            {
                bound.AddRange(BindPolicy(registration, child, reading));
            }
            else
            {
                reading.UnknownKey(child, [], type, ElsewhereOf(child.Key, typeof(RouteSet), node));
            }
        }

        return ModelInstances.List(type.PolicyType!, bound);
    }

    private IGatewayPolicy[] BindPolicy(PolicyRegistration registration, IConfigurationSection node, Reading reading)
    {
        var type = types.Get(registration.PolicyType);
        if (!Reading.IsArray(node))
        {
            return Bind(type, node, reading) is IGatewayPolicy policy ? [policy] : [];
        }

        if (type.ItemsProperty is null)
        {
            // One policy for each slot, such as a throttle by address and one by consumer.
            return [.. Items(type, node, [.. node.GetChildren()], reading).Cast<IGatewayPolicy>()];
        }

        var items = type.Find(type.ItemsProperty)
            ?? throw new InvalidOperationException($"{type.Type.Name} says that its property '{type.ItemsProperty}' takes the items, but has none.");
        return Bind(items.Type, node, reading) is { } list && reading.Create(type, node, new Dictionary<ModelProperty, object?> { [items] = list }) is IGatewayPolicy whole
            ? [whole]
            : [];
    }

    private object? BindUnion(ModelType type, IConfigurationSection node, Reading reading)
    {
        if (!reading.TryGetObject(node, type))
        {
            return null;
        }

        var keys = node.GetChildren().Select(static child => child.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var chosen = type.Cases.Where(one => keys.Contains(one.Key)).ToArray();
        return chosen switch
        {
            [var (_, record)] => BindRecord(record, node, reading),
            [] => reading.Fail(node, DescribeUnchosen(type, keys)),
            _ => reading.Fail(node, $"is several things at once: {string.Join(" and ", chosen.Select(static one => one.Key))}. Make each an item of its own."),
        };
    }

    private static string DescribeUnchosen(ModelType type, IReadOnlyCollection<string> keys)
    {
        var names = type.Cases.Select(static one => one.Key).ToArray();
        var nearest = keys.Select(key => NearestName.Of(key, names)).FirstOrDefault(static name => name is not null);
        return $"has none of the keys that say what it is, only {string.Join(" and ", keys.Select(static key => $"'{key}'"))}. "
            + (nearest is null ? $"It needs one of: {string.Join(", ", names)}." : $"Did you mean '{nearest}'?");
    }

    // Retries are looked for at the route, throttles at the cluster.
    private string? ElsewhereOf(string key, Type place, IConfigurationSection node) =>
        (place == typeof(GatewayRoute) || place == typeof(RouteSet)) && types.Get(typeof(Cluster)).Find(key) is { } setting
            ? $"'{setting.Name}' is a setting of clusters: write it under Clusters:{(node[nameof(GatewayRoute.Cluster)] is { Length: > 0 } id ? id : "<id>")}."
        : typeof(IGatewayPolicy).IsAssignableFrom(place) && string.Equals(key, nameof(IGatewayPolicy.Candidate), StringComparison.OrdinalIgnoreCase)
            ? $"{node.Key} has no candidates, because in shadow it makes no decision on a request that could be compared. Remove it; Mode Shadow and EnforcePercent are what it has."
        : place == typeof(Cluster) && policies.TryGet(key, out var policy) ? $"'{policy.Name}' is a policy: write it under Routes:<id>, or under Defaults for every route."
        : null;

    private object? BindRecord(ModelType type, IConfigurationSection node, Reading reading, string? id = null)
    {
        if (!reading.TryGetObject(node, type))
        {
            return null;
        }

        var values = new Dictionary<ModelProperty, object?>();
        var seen = new HashSet<ModelProperty>();
        var bound = new List<IGatewayPolicy>();
        foreach (var child in node.GetChildren())
        {
            if (type.Find(child.Key) is { } property)
            {
                seen.Add(property);
                var content = property.Format is { } format ? BindScalar(format, child, reading) : Bind(property.Type, child, reading);
                if (content is { } value && !reading.IsMissingText(property, child, value))
                {
                    values[property] = value;
                }
            }
            else if (type.Policies is not null && policies.TryGet(child.Key, out var registration) && type.Takes(registration))
            {
                bound.AddRange(BindPolicy(registration, child, reading));
            }
            else if (type.ItemsProperty is not null && type.Find(type.ItemsProperty)?.Type is { Kind: ModelKind.List, Item: var item } && item.HasKey(child.Key))
            {
                reading.Fail(child, $"is a key of the items. Write {node.Key} as an array of them: [ {{ \"{child.Key}\": … }} ].");
            }
            else
            {
                reading.UnknownKey(child, type.Properties.Select(static known => known.Name), type.Policies is null ? null : type, ElsewhereOf(child.Key, type.Type, node));
            }
        }

        if (type.Policies is not null)
        {
            values[type.Policies] = ModelInstances.List(type.Policies.Type.PolicyType!, bound);
        }

        if (type.Id is not null)
        {
            values[type.Id] = id;
        }

        var missing = type.Properties.Where(property => property.IsRequired && !seen.Contains(property)).ToArray();
        Array.ForEach(missing, property => reading.Missing(node, property));
        return type.Properties.Any(property => property.IsRequired && !values.ContainsKey(property)) ? null : reading.Create(type, node, values);
    }
}
