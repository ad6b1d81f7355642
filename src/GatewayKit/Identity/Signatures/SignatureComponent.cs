using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Signatures;

/// <summary>What a signature covers one of: a field, or something derived from the message such as <c>@method</c> (RFC 9421 §2).</summary>
internal sealed class SignatureComponent : IEquatable<SignatureComponent>
{
    private readonly StructuredMember _item;

    private SignatureComponent(StructuredMember item, string name) => (_item, Name, Identifier) = (item, name, StructuredFieldWriter.Write(item));

    /// <summary>The name: of a field in lower case, of something derived with its <c>@</c>.</summary>
    public string Name { get; }

    /// <summary>The component as it stands in the signature base, with quotes and parameters.</summary>
    public string Identifier { get; }

    /// <summary>As it stands in the list of components.</summary>
    public StructuredMember Item => _item;

    /// <summary>Whether the name is of something derived.</summary>
    public bool IsDerived => Name[0] is '@';

    /// <summary>Whether lines of the field are covered each as bytes (<c>bs</c>).</summary>
    public bool IsBytes => _item["bs"] is true;

    /// <summary>Whether the field is covered in its one structured form (<c>sf</c>).</summary>
    public bool IsStructured => _item["sf"] is true;

    /// <summary>The member of the field, a dictionary, that is covered (<c>key</c>).</summary>
    public string? Key => _item["key"] as string;

    /// <summary>The parameter of the query that <c>@query-param</c> is of, percent-encoded (<c>name</c>).</summary>
    public string? ParameterName => _item["name"] as string;

    /// <summary>Parameters that are none of those.</summary>
    public IEnumerable<string> OtherParameters => _item.Parameters.Select(static parameter => parameter.Key).Except(["bs", "sf", "key", "name"]);

    /// <summary>A component by its name, without parameters.</summary>
    /// <exception cref="ArgumentException">It is no name of a component.</exception>
    public static SignatureComponent Of(string name) =>
        From(new(name)) ?? throw new ArgumentException($"'{name}' is no component of a signature: a field in lower case, or one of {string.Join(", ", DerivedComponents.Names)}.", nameof(name));

    /// <summary>A component as it was read.</summary>
    /// <returns><see langword="null"/> if it is none.</returns>
    public static SignatureComponent? From(StructuredMember item) =>
        item.Value is string { Length: > 0 } name && (name[0] is '@' ? DerivedComponents.Names.Contains(name) : HttpToken.Is(name) && !name.AsSpan().ContainsAnyInRange('A', 'Z'))
            ? new(item, name)
            : null;

    // The order of parameters does not count (RFC 9421 §2).
    public bool Equals(SignatureComponent? other) =>
        other is not null && Name == other.Name && _item.Parameters.Count == other._item.Parameters.Count
        && _item.Parameters.All(parameter => other._item[parameter.Key] is { } value && value.Equals(parameter.Value));

    public override bool Equals(object? obj) => Equals(obj as SignatureComponent);

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Identifier;
}
