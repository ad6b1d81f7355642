using System.Collections.Immutable;
using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>What a type of the model looks like in JSON.</summary>
internal enum ModelKind
{
    /// <summary>A string, number or boolean.</summary>
    Scalar,

    /// <summary>A flags enum: an array of names.</summary>
    Flags,

    /// <summary>An array.</summary>
    List,

    /// <summary>A list whose items have an id: an object with the ids as keys.</summary>
    Keyed,

    /// <summary>An object with free keys.</summary>
    Map,

    /// <summary>An object with known keys.</summary>
    Record,

    /// <summary>An object whose keys say which of several records it is.</summary>
    Union,

    /// <summary>An object with the names of policies as keys.</summary>
    Policies,

    /// <summary>Nothing: only code can say it.</summary>
    CodeOnly,
}

/// <summary>A type of the model: the one description that binder, writer, validator and schema read.</summary>
internal sealed class ModelType(Type type, ModelKind kind)
{
    private Lazy<ImmutableArray<ModelProperty>> _properties = new(ImmutableArray<ModelProperty>.Empty);
    private Lazy<ModelType>? _item;
    private object? _defaults;
    private bool _noDefaults;

    public Type Type { get; } = type;

    public ModelKind Kind { get; } = kind;

    /// <summary>How a <see cref="ModelKind.Scalar"/>, or one name of <see cref="ModelKind.Flags"/>, is read and written.</summary>
    public ScalarFormat? Format { get; init; }

    /// <summary>The type of the items of a list or map.</summary>
    public ModelType Item => _item!.Value;

    /// <summary>The cases of a <see cref="ModelKind.Union"/> by the key that selects them.</summary>
    public IReadOnlyList<(string Key, ModelType Type)> Cases { get; init; } = [];

    /// <summary>What a <see cref="ModelKind.Record"/> says in JSON, in the order of declaration.</summary>
    public ImmutableArray<ModelProperty> Properties => _properties.Value;

    /// <summary>The id of an item of a <see cref="ModelKind.Keyed"/> list; it is the key in JSON.</summary>
    public ModelProperty? Id { get; init; }

    /// <summary>What policies of a <see cref="ModelKind.Policies"/> have in common.</summary>
    public Type? PolicyType { get; init; }

    /// <summary>The policies of a route: in JSON they are keys of the route itself.</summary>
    public ModelProperty? Policies { get; init; }

    /// <summary>The name of the property that takes the items when a policy is written as an array.</summary>
    public string? ItemsProperty { get; init; }

    /// <summary>Makes an instance from constructor arguments and properties.</summary>
    public Func<IReadOnlyDictionary<ModelProperty, object?>, object>? Create { get; init; }

    /// <summary>The value of a property that nobody sets; <see langword="null"/> if the record cannot be made without values.</summary>
    public object? DefaultOf(ModelProperty property) => Defaults() is { } defaults ? property.Get(defaults) : null;

    /// <summary>Whether a record says nothing but its items, so that JSON has them in the record's own place.</summary>
    public bool IsWrittenAsItems(ModelProperty property, object record) => property.Name == ItemsProperty
        && Properties.All(other => other == property || Equals(other.Get(record), DefaultOf(other)));

    // Records may contain themselves, so what is inside is looked at when it is needed.
    public Func<IReadOnlyList<ModelProperty>> PropertiesFrom { init => _properties = new(() => [.. value()]); }

    public Func<ModelType> ItemFrom { init => _item = new(value); }

    /// <summary>Whether a policy may stand in a record or list of this type.</summary>
    public bool Takes(PolicyRegistration policy) => (PolicyType ?? Policies?.Type.PolicyType)?.IsAssignableFrom(policy.PolicyType) is true;

    /// <summary>Whether a key says something in an object of this type.</summary>
    public bool HasKey(string name) => Find(name) is not null || Cases.Any(one => string.Equals(one.Key, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>What an object of this type looks like, for those who wrote something else.</summary>
    public string Shape => Kind switch
    {
        ModelKind.Keyed => "{ \"<id>\": { … } }",
        ModelKind.Map => "{ \"<name>\": … }",
        ModelKind.Record when Properties is [var declared, ..] && (Properties.FirstOrDefault(static property => property.IsRequired) ?? declared) is var first => $"{{ \"{first.Name}\": … }}",
        _ => "{ … }",
    };

    public ModelProperty? Find(string name) =>
        Properties.FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase));

    private object? Defaults()
    {
        if (_defaults is null && !_noDefaults)
        {
            try
            {
                _defaults = Create!(new Dictionary<ModelProperty, object?>());
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or NullReferenceException)
            {
                _noDefaults = true;
            }
        }

        return _defaults;
    }
}
