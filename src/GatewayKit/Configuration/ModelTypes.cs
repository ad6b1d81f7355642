using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using GatewayKit.Auditing;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Clusters.Health;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Access;
using GatewayKit.Identity.Upstream;
using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using GatewayKit.Resilience.Admission;
using GatewayKit.Resilience.Bulkheads;
using GatewayKit.Resilience.Faults;
using GatewayKit.Resilience.Fallbacks;
using GatewayKit.Rollout;
using GatewayKit.Routing;

namespace GatewayKit.Configuration;

/// <summary>Reads the records of the model, and of policies, by reflection: code and JSON are one model because JSON has no other description.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2055:MakeGenericType", Justification = Kept)]
[UnconditionalSuppressMessage("Trimming", "IL2060:MakeGenericMethod", Justification = Kept)]
[UnconditionalSuppressMessage("Trimming", "IL2070:UnrecognizedReflectionPattern", Justification = Kept)]
[UnconditionalSuppressMessage("Trimming", "IL2075:UnrecognizedReflectionPattern", Justification = Kept)]
[UnconditionalSuppressMessage("Trimming", "IL2026:RequiresUnreferencedCode", Justification = Kept)]
[UnconditionalSuppressMessage("AOT", "IL3050:RequiresDynamicCode", Justification = "The maps of the model hold reference types, whose generic code is shared; lists are arrays, whose type the property's own ValueList uses.")]
internal sealed class ModelTypes
{
    private const string Kept = "The records of the core are kept by the attributes of the constructor, policies and cases by AddPolicy and ConfigurationCaseAttribute. "
        + "A record inside a policy of another assembly has to be kept by that assembly; if it was not, binding says so at start.";

    // What has an id that is its key in JSON.
    private static readonly Type[] Keyed =
        [typeof(GatewayRoute), typeof(Cluster), typeof(Plan), typeof(Product), typeof(Consumer), typeof(ConsumerApplication), typeof(Subscription), typeof(ConsumerKey), typeof(ConsumerSigningKey)];

    private readonly ConcurrentDictionary<Type, ModelType> _types = new();

    [DynamicDependency(PolicyRegistration.Bound, typeof(RouteSet))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(GatewayOptions))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(GatewayRoute))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(RouteMatch))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(FieldMatch))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(StaticResponse))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(FallbackFailures))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(RouteRedirect))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(RouteSplit))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(CanaryShare))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(CanaryRamp))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(CanaryGuard))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(SplitCookie))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(MirrorComparison))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(AuditBody))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ForcedSide))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(Cluster))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(Plan))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(Product))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(Consumer))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ConsumerApplication))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(Subscription))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ConsumerKey))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ConsumerSigningKey))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(Destination))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterHash))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterAffinity))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(AffinityCookie))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(AffinityHeader))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterHttp))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterTls))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClientCertificate))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterTimeouts))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterLimits))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(AdaptiveLimit))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(PriorityShares))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(AdmissionPolicy))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(RetryPolicy))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(RetryBudgetPolicy))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(HedgingPolicy))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(CircuitBreakerPolicy))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(FaultDelay))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(FaultAbort))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(FaultBodyRate))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClientCredentials))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(TokenExchange))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(StaticCredential))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(RequestSigning))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterDiscovery))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ClusterHealth))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(ActiveHealth))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(OutlierEjection))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(SlowStart))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(AccessHours))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(RequiredClaim))]
    [DynamicDependency(PolicyRegistration.Bound, typeof(TenantRule))]
    public ModelTypes()
    {
    }

    /// <summary>The description of a type; the same object each time.</summary>
    public ModelType Get(Type type) => _types.TryGetValue(type, out var known) ? known : _types.GetOrAdd(type, Describe(type));

    private ModelType Describe(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Get(underlying);
        }

        if (ScalarFormat.TryGet(type, out var format))
        {
            return new(type, ModelKind.Scalar) { Format = format };
        }

        if (type.IsEnum)
        {
            return new(type, type.IsDefined(typeof(FlagsAttribute)) ? ModelKind.Flags : ModelKind.Scalar) { Format = ScalarFormat.OfEnum(type) };
        }

        return DescribeCollection(type) ?? DescribeParsable(type) ?? DescribeObject(type);
    }

    private ModelType? DescribeCollection(Type type)
    {
        if (!type.IsGenericType)
        {
            return null;
        }

        var (definition, arguments) = (type.GetGenericTypeDefinition(), type.GetGenericArguments());
        if (definition == typeof(IReadOnlyDictionary<,>) && arguments[0] == typeof(string))
        {
            return new(type, ModelKind.Map) { ItemFrom = () => Get(arguments[1]) };
        }

        if (definition != typeof(IReadOnlyList<>))
        {
            return null;
        }

        if (arguments[0].IsInterface && typeof(IGatewayPolicy).IsAssignableFrom(arguments[0]))
        {
            return new(type, ModelKind.Policies) { PolicyType = arguments[0] };
        }

        return new(type, IsKeyed(arguments[0]) ? ModelKind.Keyed : ModelKind.List) { ItemFrom = () => Get(arguments[0]) };
    }

    private static ModelType? DescribeParsable(Type type)
    {
        var parsable = type.GetInterfaces().Any(candidate => candidate.IsGenericType
            && candidate.GetGenericTypeDefinition() == typeof(IParsable<>) && candidate.GetGenericArguments()[0] == type);
        if (!parsable)
        {
            return null;
        }

        var format = typeof(ModelTypes).GetMethod(nameof(FormatOf), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type);
        return new(type, ModelKind.Scalar) { Format = format.CreateDelegate<Func<ScalarFormat>>()() };
    }

    private ModelType DescribeObject(Type type)
    {
        var cases = type.GetCustomAttributes<ConfigurationCaseAttribute>(inherit: false).ToArray();
        if (cases.Length > 0)
        {
            return new(type, ModelKind.Union) { Cases = [.. cases.Select(one => (one.Key ?? FirstDeclared(one.Type), Get(one.Type)))] };
        }

        var constructor = type.GetConstructor(Type.EmptyTypes)
            ?? type.GetConstructors().OrderByDescending(static candidate => candidate.GetParameters().Length).FirstOrDefault();
        if (!type.IsClass || type.IsAbstract || type == typeof(object) || typeof(Delegate).IsAssignableFrom(type)
            || typeof(System.Collections.IEnumerable).IsAssignableFrom(type) || constructor is null)
        {
            return new(type, ModelKind.CodeOnly);
        }

        var parameters = constructor.GetParameters();
        ModelProperty[] all =
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(static property => property is { CanRead: true, SetMethod.IsPublic: true } && property.GetIndexParameters().Length == 0)
                .Select(property => Property(property, parameters)),
        ];
        return new(type, ModelKind.Record)
        {
            Id = IsKeyed(type) ? Array.Find(all, static property => property.Name == nameof(GatewayRoute.Id)) : null,
            Policies = Array.Find(all, IsOfPolicies),
            ItemsProperty = type.GetCustomAttribute<ConfigurationItemsAttribute>()?.Property,
            PropertiesFrom = () =>
            [
                .. all.Where(property => property.Type.Kind is not ModelKind.CodeOnly
                    && !(IsKeyed(type) && property.Name is nameof(GatewayRoute.Id))
                    && !IsOfPolicies(property)),
            ],
            Create = values => Create(constructor, parameters, values),
        };
    }

    private ModelProperty Property(PropertyInfo property, ParameterInfo[] parameters)
    {
        ModelType Type() => Get(property.PropertyType);
        return Array.Find(parameters, parameter => parameter.Name == property.Name) is { HasDefaultValue: false }
            ? new(property, Type) { IsRequired = true }
            : new(property, Type);
    }

    private static object Create(ConstructorInfo constructor, ParameterInfo[] parameters, IReadOnlyDictionary<ModelProperty, object?> values)
    {
        var arguments = Array.ConvertAll(parameters, parameter =>
            values.FirstOrDefault(value => value.Key.Property.Name == parameter.Name) is { Key: not null } given ? given.Value
            : parameter.HasDefaultValue ? parameter.DefaultValue
            : null);
        var instance = constructor.Invoke(BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null);
        foreach (var (property, value) in values)
        {
            if (!Array.Exists(parameters, parameter => parameter.Name == property.Property.Name))
            {
                property.Set(instance, value);
            }
        }

        return instance;
    }

    private static string FirstDeclared(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(static property => property.SetMethod is { IsPublic: true }).Select(ModelProperty.KeyOf).FirstOrDefault()
        ?? throw new InvalidOperationException($"{type.Name} is a case of {type.BaseType?.Name}, but declares no property that could be its key in JSON.");

    private static bool IsKeyed(Type type) => Array.IndexOf(Keyed, type) >= 0;

    // Policies that stand in the record itself, each with its name as the key.
    private static bool IsOfPolicies(ModelProperty property) => property.Name is nameof(GatewayRoute.Policies) && property.Type.PolicyType is not null;

    private static ScalarFormat FormatOf<T>()
        where T : IParsable<T> =>
        new(
            static text => T.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : null,
            static value => value is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : value.ToString()!,
            $"a {typeof(T).Name}")
        {
            Explain = static text =>
            {
                try
                {
                    _ = T.Parse(text, CultureInfo.InvariantCulture);
                    return null;
                }
                catch (FormatException exception)
                {
                    return exception.Message;
                }
            },
        };
}
