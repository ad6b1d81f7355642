using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.Pipeline;

/// <summary>What <see cref="GatewayBuilder.AddPolicy{TPolicy, TFactory}(string)"/> was told.</summary>
internal sealed record PolicyRegistration(
    string Name,
    [param: DynamicallyAccessedMembers(PolicyRegistration.Bound)] [property: DynamicallyAccessedMembers(PolicyRegistration.Bound)] Type PolicyType,
    Type FactoryType,
    Func<IServiceProvider, IGatewayPolicy, IEnumerable<string>> Validate)
{
    /// <summary>What binding a policy from configuration needs of its type.</summary>
    public const DynamicallyAccessedMemberTypes Bound =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicProperties;

    /// <summary>What the host's validators say against a policy.</summary>
    public static IEnumerable<string> ValidateAs<TPolicy>(IServiceProvider services, IGatewayPolicy policy)
        where TPolicy : class, IGatewayPolicy =>
        services.GetServices<IValidateOptions<TPolicy>>()
            .Select(validator => validator.Validate(name: null, (TPolicy)policy))
            .Where(static result => result.Failed)
            .SelectMany(static result => result.Failures ?? []);
}
