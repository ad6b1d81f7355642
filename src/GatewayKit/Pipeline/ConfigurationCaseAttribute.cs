using System.Diagnostics.CodeAnalysis;

namespace GatewayKit.Pipeline;

/// <summary>
/// Names one case of an abstract record that stands for alternatives. In JSON the case is the one whose key is there:
/// <c>{ "RequestHeader": "X-Tenant", "Set": "blue" }</c> is the case whose first property is <c>RequestHeader</c>.
/// </summary>
/// <param name="type">A record that derives from the one this attribute is on.</param>
/// <example><code>
/// [ConfigurationCase(typeof(PathPrefixTransform))]
/// [ConfigurationCase(typeof(RequestHeaderTransform))]
/// public abstract record Transform;
/// </code></example>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class ConfigurationCaseAttribute([DynamicallyAccessedMembers(PolicyRegistration.Bound)] Type type) : Attribute
{
    /// <summary>The record of the case.</summary>
    [DynamicallyAccessedMembers(PolicyRegistration.Bound)]
    public Type Type { get; } = type;

    /// <summary>The property whose presence selects the case. Default: the first one that the record declares.</summary>
    public string? Key { get; init; }
}
