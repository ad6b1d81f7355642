namespace GatewayKit.Pipeline;

/// <summary>
/// Lets a policy be written as a JSON array: <c>"Transforms": [ … ]</c> is short for <c>"Transforms": { "Steps": [ … ] }</c> when the
/// attribute names <c>Steps</c>.
/// </summary>
/// <param name="property">The property that takes the items; its type is a read-only list.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ConfigurationItemsAttribute(string property) : Attribute
{
    /// <summary>The property that takes the items.</summary>
    public string Property { get; } = property;
}
