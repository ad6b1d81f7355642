using System.Diagnostics.CodeAnalysis;

namespace GatewayKit.Pipeline;

/// <summary>What <see cref="GatewayBuilder.AddPolicy{TPolicy, TFactory}(string)"/> was told.</summary>
internal sealed record PolicyRegistration(
    string Name,
    [property: DynamicallyAccessedMembers(PolicyRegistration.Bound)] Type PolicyType,
    Type FactoryType)
{
    /// <summary>What binding a policy from configuration needs of its type.</summary>
    public const DynamicallyAccessedMemberTypes Bound =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;
}
