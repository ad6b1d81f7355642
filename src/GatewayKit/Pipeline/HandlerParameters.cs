using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace GatewayKit.Pipeline;

/// <summary>
/// What the framework binds for a handler of the host before any filter runs: of fields what the client sent, and of the caller whom the host's middleware took them for. What policies find out comes later.
/// </summary>
internal static class HandlerParameters
{
    /// <summary>Parameters that would be given a client's word for that of a policy.</summary>
    /// <param name="builder">The endpoint.</param>
    /// <param name="policies">Its policies.</param>
    public static IEnumerable<(IGatewayPolicy Policy, string Fault)> FaultsOf(EndpointBuilder builder, IReadOnlyList<IGatewayPolicy> policies)
    {
        if (builder.Metadata.Last<IGatewayRouteIdentity>() is not null)
        {
            yield break;
        }

        foreach (var policy in policies)
        {
            if (policy is IOwnsFields { OwnFields: { } own })
            {
                var names = new FieldNames(own);
                foreach (var name in FieldsOf(builder).Where(names.Contain).Distinct(StringComparer.OrdinalIgnoreCase))
                {
                    yield return (policy, $"answers for the field '{name}', and a parameter of the handler is bound to it before any policy runs: to whatever a client sends. Take HttpContext, and read it from Request.Headers or GatewayContext.Consumer.");
                }
            }
        }

        if (policies.FirstOrDefault(static policy => policy is IIdentityPolicy { FindsCaller: true }) is { } identity
            && builder.Metadata.Last<MethodInfo>() is { } handler && handler.GetParameters().Any(static parameter => IsGroup(parameter) && PropertiesOf(parameter.ParameterType).Any(static property => property.PropertyType == typeof(ClaimsPrincipal))))
        {
            yield return (identity, "finds out who is calling, and a ClaimsPrincipal of [AsParameters] is bound before: to whom the host took the caller for. Make it a parameter of the handler itself, or take HttpContext.");
        }
    }

    /// <summary>Which arguments of a handler are the caller.</summary>
    public static int[] PrincipalsOf(EndpointBuilder builder) => builder.Metadata.Last<MethodInfo>() is not { } handler ? [] :
    [
        .. handler.GetParameters()
            .Where(static parameter => parameter.ParameterType == typeof(ClaimsPrincipal) && !parameter.GetCustomAttributes(inherit: true).Any(static attribute => attribute is IFromServiceMetadata))
            .Select(static parameter => parameter.Position),
    ];

    private static IEnumerable<string> FieldsOf(EndpointBuilder builder)
    {
        foreach (var item in builder.Metadata)
        {
            foreach (var name in item switch
            {
                MethodInfo method => method.GetParameters().SelectMany(static parameter => FieldsOf(parameter, parameter.Name, IsGroup(parameter) ? parameter.ParameterType : null)),
                IParameterBindingMetadata bound => FieldsOf(bound.ParameterInfo, bound.Name, group: null),
                ActionDescriptor action => action.Parameters.Concat(action.BoundProperties).SelectMany(FieldsOf),
                _ => [],
            })
            {
                yield return name;
            }
        }
    }

    private static IEnumerable<string> FieldsOf(ParameterDescriptor parameter) =>
        parameter.BindingInfo?.BindingSource == BindingSource.Header
            ? [parameter.BindingInfo?.BinderModelName ?? parameter.Name]
            : PropertiesOf(parameter.ParameterType).SelectMany(static property => FieldsOf(property, property.Name, group: null));

    private static IEnumerable<string> FieldsOf(ICustomAttributeProvider place, string? name, Type? group)
    {
        foreach (var attribute in place.GetCustomAttributes(inherit: true))
        {
            if (attribute is IFromHeaderMetadata header && (header.Name ?? name) is { Length: > 0 } field)
            {
                yield return field;
            }
        }

        foreach (var field in group is null ? [] : PropertiesOf(group).SelectMany(static property => FieldsOf(property, property.Name, group: null)))
        {
            yield return field;
        }

        foreach (var field in group is null ? [] : ConstructorsOf(group).SelectMany(static one => one.GetParameters()).SelectMany(static parameter => FieldsOf(parameter, parameter.Name, group: null)))
        {
            yield return field;
        }
    }

    private static bool IsGroup(ParameterInfo parameter) => parameter.IsDefined(typeof(AsParametersAttribute), inherit: true);

    // Where types are trimmed, handlers are bound by generated code, which says by itself what it binds (IParameterBindingMetadata).
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "What is trimmed away is not bound by reflection either.")]
    private static PropertyInfo[] PropertiesOf(Type type) => type.IsPrimitive || type == typeof(string) ? [] : type.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "What is trimmed away is not bound by reflection either.")]
    private static ConstructorInfo[] ConstructorsOf(Type type) => type.GetConstructors();
}
