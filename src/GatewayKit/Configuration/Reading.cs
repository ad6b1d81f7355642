using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>One run of the binder: collects errors and knows how they are worded.</summary>
internal sealed class Reading(ICollection<ConfigurationError> errors, PolicyNames policies)
{
    /// <summary>Takes the items of lists that are left out; <see langword="null"/> if nobody asks.</summary>
    public ListGaps? Gaps { get; init; }

    /// <summary>Whether a node has the keys 0, 1, 2 … only, which is what providers make of an array.</summary>
    public static bool IsArray(IConfigurationSection node)
    {
        var any = false;
        foreach (var child in node.GetChildren())
        {
            any = true;
            if (!child.Key.All(char.IsAsciiDigit))
            {
                return false;
            }
        }

        return any;
    }

    public static bool IsNothing(IConfigurationSection node) => node.Value is null && !node.GetChildren().Any();

    /// <summary>Notes an error.</summary>
    /// <returns>Always <see langword="null"/>: what is in error has no value.</returns>
    public object? Fail(IConfigurationSection node, string sentence)
    {
        errors.Add(new(node.Path, Subject(node, sentence)));
        return null;
    }

    public void Missing(IConfigurationSection node, ModelProperty property) =>
        errors.Add(new(ConfigurationPath.Combine(node.Path, property.Name), $"{property.Name} is missing and has no default. Add the key."));

    /// <param name="node">The key.</param>
    /// <param name="known">The keys that there are.</param>
    /// <param name="withPolicies">Whether policies may stand there too.</param>
    /// <param name="elsewhere">A sentence that says where the key belongs, if it is known in another place.</param>
    public void UnknownKey(IConfigurationSection node, IEnumerable<string> known, ModelType? withPolicies = null, string? elsewhere = null)
    {
        var names = known.ToArray();
        var nearest = NearestName.Of(node.Key, withPolicies is null ? names : names.Concat(policies.Of(withPolicies).Select(static policy => policy.Name)));
        var hint = nearest is not null ? $"Did you mean '{nearest}'?"
            : names.Length == 0 || elsewhere is not null ? string.Empty
            : $"Known here: {string.Join(", ", names)}.";
        var registered = elsewhere ?? (withPolicies is null ? string.Empty : policies.Describe(withPolicies));
        errors.Add(new(node.Path, string.Join(' ', new[] { $"'{node.Key}' is not a known key{(withPolicies is null ? string.Empty : policies.TryGet(node.Key, out _) ? " here" : " and no registered policy")}.", hint, registered }.Where(static part => part.Length > 0))));
    }

    public bool TryGetItems(IConfigurationSection node, out IReadOnlyList<IConfigurationSection> items)
    {
        items = [.. node.GetChildren()];
        if (items.Count == 0 && node.Value is { Length: 0 })
        {
            return true;
        }

        if (IsArray(node))
        {
            return node.Value is null || Fail(node, "is a value and an array at once. Two sources of the configuration contradict each other.") is not null;
        }

        Fail(node, items.Count > 0 ? "is an object, and must be an array: [ … ]."
            : node.Value is null ? "is null. Write an array, or remove the key."
            : $"is the single value '{node.Value}', and must be an array. Write [ \"{node.Value}\" ].");
        return false;
    }

    /// <param name="node">The node.</param>
    /// <param name="type">What should be there; <see langword="null"/> for policies by name.</param>
    public bool TryGetObject(IConfigurationSection node, ModelType? type = null)
    {
        var shape = type?.Shape ?? "{ \"<policy>\": { … } }";

        // Ids such as 1 and 2 are fine; keys that count from 0 are what an array looks like.
        if (IsArray(node) && !IsNothing(node.GetSection("0")))
        {
            Fail(node, $"is an array, and must be an object such as {shape}.");
            return false;
        }

        if (node.Value is not null)
        {
            Fail(node, $"is {(node.Value.Length == 0 ? "empty" : $"the single value '{node.Value}'")}, and must be an object such as {shape}.");
            return false;
        }

        return true;
    }

    /// <summary>Whether a text that is required is empty, which is noted.</summary>
    public bool IsMissingText(ModelProperty property, IConfigurationSection node, object value) =>
        property.IsRequired && value is "" && Fail(node, "is empty, and has no default. Give it a value.") is null;

    /// <summary>Makes the record. One that does not accept its values says so in its own words.</summary>
    public object? Create(ModelType type, IConfigurationSection node, IReadOnlyDictionary<ModelProperty, object?> values)
    {
        try
        {
            return type.Create!(values);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidOperationException or System.Reflection.TargetInvocationException)
        {
            return Fail(node, $"cannot be used: {(exception.InnerException ?? exception).Message}");
        }
    }

    private static string Subject(IConfigurationSection node, string sentence) =>
        sentence.StartsWith('\'') ? sentence : $"{(node.Key.All(char.IsAsciiDigit) ? "The item" : node.Key)} {sentence}";
}
