namespace GatewayKit.Routing;

/// <summary>A condition on a header or a query parameter.</summary>
public sealed record FieldMatch
{
    /// <summary>The name of the header or parameter; case is ignored.</summary>
    public required string Name { get; init; }

    /// <summary>What to compare with; one is enough. Empty for <see cref="FieldMatchMode.Exists"/> and <see cref="FieldMatchMode.NotExists"/>.</summary>
    public IReadOnlyList<string> Values { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>How to compare. Default <see cref="FieldMatchMode.Exact"/>.</summary>
    public FieldMatchMode Mode { get; init; }

    /// <summary>Whether case counts in values. Default no.</summary>
    public bool CaseSensitive { get; init; }
}

/// <summary>
/// How a header or query parameter is compared. A field with several values matches when one of them does; a negation holds exactly
/// when its opposite does not, so also when the field is absent.
/// </summary>
public enum FieldMatchMode
{
    /// <summary>Equals one of the values.</summary>
    Exact,

    /// <summary>Equals none of them.</summary>
    NotExact,

    /// <summary>Starts with one of the values.</summary>
    Prefix,

    /// <summary>Starts with none of them.</summary>
    NotPrefix,

    /// <summary>Contains one of the values.</summary>
    Contains,

    /// <summary>Contains none of them.</summary>
    NotContains,

    /// <summary>Is there, if only empty.</summary>
    Exists,

    /// <summary>Is not there.</summary>
    NotExists,

    /// <summary>Matches one of the regular expressions, anywhere in the value; evaluated in linear time.</summary>
    Regex,

    /// <summary>Matches none of them.</summary>
    NotRegex,
}
