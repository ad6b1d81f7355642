using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>A property of a record of the model.</summary>
internal sealed class ModelProperty(PropertyInfo property, Func<ModelType> type)
{
    private readonly Lazy<ModelType> _type = new(type);

    /// <summary>Its key in JSON.</summary>
    public string Name { get; } = KeyOf(property);

    public PropertyInfo Property => property;

    /// <summary>Its type; of a nullable value the type of the value.</summary>
    public ModelType Type => _type.Value;

    /// <summary>Whether JSON must name it.</summary>
    public bool IsRequired { get; init; } = property.IsDefined(typeof(RequiredMemberAttribute)) || property.IsDefined(typeof(RequiredAttribute));

    public IReadOnlyList<ValidationAttribute> Annotations { get; } = [.. property.GetCustomAttributes<ValidationAttribute>(inherit: true)];

    /// <summary>The key of a property: its name, unless an attribute gives one that is no name in C#.</summary>
    public static string KeyOf(PropertyInfo property) => property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name ?? property.Name;

    public object? Get(object instance) => property.GetValue(instance);

    public void Set(object instance, object? value) => property.SetValue(instance, value);
}
