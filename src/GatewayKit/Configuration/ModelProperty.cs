using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>A property of a record of the model.</summary>
internal sealed class ModelProperty(PropertyInfo property, Func<ModelType> type)
{
    private readonly Lazy<ModelType> _type = new(type);
    private ScalarFormat? _format;

    /// <summary>Its key in JSON.</summary>
    public string Name { get; } = KeyOf(property);

    public PropertyInfo Property => property;

    /// <summary>Its type; of a nullable value the type of the value.</summary>
    public ModelType Type => _type.Value;

    /// <summary>How it is read if it is a scalar; a number with its own range, not that of its type.</summary>
    public ScalarFormat? Format => _format ??= Type is { Kind: ModelKind.Scalar, Format: { } format } ? Ranged(format) : null;

    /// <summary>Whether JSON must name it.</summary>
    public bool IsRequired { get; init; } = property.IsDefined(typeof(RequiredMemberAttribute)) || property.IsDefined(typeof(RequiredAttribute));

    public IReadOnlyList<ValidationAttribute> Annotations { get; } = [.. property.GetCustomAttributes<ValidationAttribute>(inherit: true)];

    /// <summary>The key of a property: its name, unless an attribute gives one that is no name in C#.</summary>
    public static string KeyOf(PropertyInfo property) => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name;

    public object? Get(object instance) => property.GetValue(instance);

    public void Set(object instance, object? value) => property.SetValue(instance, value);

    private ScalarFormat Ranged(ScalarFormat format) =>
        format.Kind is ScalarKind.Integer or ScalarKind.Number && Annotations.OfType<RangeAttribute>().FirstOrDefault() is { } range
            ? format with { Expected = FormattableString.Invariant($"a {(format.Kind is ScalarKind.Integer ? "whole number" : "number")} from {range.Minimum} to {range.Maximum}") }
            : format;
}
