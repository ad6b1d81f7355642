using GatewayKit.Configuration;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Configuration;

/// <summary>Makes instances of the model from its own description: variant 0 and variant 1 of a type differ in every property.</summary>
internal sealed class ModelSamples(ModelTypes types, PolicyNames policies, bool everyCase = false)
{
    /// <summary>Every record that a configuration can say, policies and their cases included.</summary>
    public IReadOnlyCollection<ModelType> Records()
    {
        var found = new HashSet<ModelType>();
        Visit(types.Get(typeof(RouteSet)), found);
        foreach (var registration in policies.All)
        {
            Visit(types.Get(registration.PolicyType), found);
        }

        return found;
    }

    public object Make(ModelType type, int variant, int depth = 0) => type.Kind switch
    {
        ModelKind.Scalar => MakeScalar(type.Type, variant),
        ModelKind.Flags => MakeScalar(type.Type, variant),
        ModelKind.List when everyCase && type.Item.Kind is ModelKind.Union => ModelInstances.List(type.Item, type.Item.Cases.Select(one => Make(one.Type, variant, depth + 1))),
        ModelKind.List => ModelInstances.List(type.Item, depth > 4 ? [] : [Make(type.Item, variant, depth + 1), Make(type.Item, 1 - variant, depth + 1)]),
        ModelKind.Keyed => ModelInstances.List(type.Item, [Make(type.Item, variant, depth + 1)]),
        ModelKind.Map => ModelInstances.Map(type.Item, [new("key", Make(type.Item, variant, depth + 1))]),
        ModelKind.Policies => MakePolicies(type, variant, depth),
        ModelKind.Union => Make(type.Cases[variant].Type, variant, depth + 1),
        ModelKind.Record => type.Create!(Values(type, variant, depth)),
        _ => throw new NotSupportedException(type.Type.Name),
    };

    public Dictionary<ModelProperty, object?> Values(ModelType type, int variant, int depth = 0) =>
        All(type).ToDictionary(static property => property, property => property.Type == type ? MakeInside(type, variant, depth + 1) : Make(property.Type, variant, depth + 1));

    public static IEnumerable<ModelProperty> All(ModelType type) =>
        type.Properties.Concat(new[] { type.Id, type.Policies }.OfType<ModelProperty>());

    // Of a record in one of its own kind, such as a candidate, only what is neither.
    private object? MakeInside(ModelType type, int variant, int depth) => type.Create!(
        All(type).Where(property => property.Type != type).ToDictionary(static property => property, property => (object?)Make(property.Type, variant, depth + 1)));

    private Array MakePolicies(ModelType type, int variant, int depth)
    {
        // Of those far inside, such as limits of keys of applications, one stands for all: they are the same records as elsewhere.
        var made = policies.Of(type).Take(depth > 3 ? 1 : int.MaxValue).Select(registration => Make(types.Get(registration.PolicyType), variant, depth + 1)).ToArray();
        var list = Array.CreateInstance(type.PolicyType!, made.Length);
        made.CopyTo(list, 0);
        return list;
    }

    private void Visit(ModelType type, HashSet<ModelType> found)
    {
        switch (type.Kind)
        {
            case ModelKind.List or ModelKind.Keyed or ModelKind.Map:
                Visit(type.Item, found);
                break;
            case ModelKind.Union:
                type.Cases.ToList().ForEach(one => Visit(one.Type, found));
                break;
            case ModelKind.Record when found.Add(type):
                type.Properties.ToList().ForEach(property => Visit(property.Type, found));
                break;
        }
    }

    private static object MakeScalar(Type type, int variant)
    {
        if (type.IsEnum)
        {
            var values = Enum.GetValuesAsUnderlyingType(type);
            return Enum.ToObject(type, values.GetValue(variant + (type.IsDefined(typeof(FlagsAttribute), false) ? 1 : 0))!);
        }

        if (ScalarFormat.TryGet(type, out var format))
        {
            string[] candidates = [variant == 0 ? "alpha" : "beta", variant == 0 ? "true" : "false", variant == 0 ? "2" : "3", variant == 0 ? "00:00:07" : "Infinite", variant == 0 ? "08:00" : "17:30:15", variant == 0 ? "10.0.0.0/8" : "2001:db8::/32", variant == 0 ? "2026-03-01" : "2026-03-31", variant == 0 ? "2026-03-01T09:00:00Z" : "2026-03-01T10:30:00.5+01:00"];
            return type == typeof(Uri) ? new Uri($"http://host{variant}/")
                : type == typeof(string) ? candidates[0]
                : candidates.Select(text => format.Parse(text)).First(static value => value is not null)!;
        }

        // A type of its own that reads texts: a partition, a unit, a cost or a key.
        string[] texts = [type == typeof(GatewayKit.Secrets.SecretReference) ? (variant == 1 ? "file:/run/secrets/b" : "env:A") : type == typeof(GatewayKit.Throttling.Quotas.QuotaUnit) ? (variant == 1 ? "Cost:rows" : "Requests") : type == typeof(GatewayKit.Throttling.Sharing.RateSharing) ? (variant == 1 ? "Leased:50" : "Local") : variant == 1 ? "Header:X-A" : type == typeof(GatewayKit.Rollout.RolloutKey) ? "None" : type == typeof(GatewayKit.Throttling.RequestCost) ? "7" : "ClientAddress"];
        return type.GetMethod("Parse", [typeof(string), typeof(IFormatProvider)])!.Invoke(null, [texts[0], null])!;
    }
}
