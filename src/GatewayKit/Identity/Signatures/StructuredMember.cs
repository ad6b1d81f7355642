namespace GatewayKit.Identity.Signatures;

/// <summary>
/// An item or an inner list of a structured field (RFC 9651 §3), with its parameters in their order. A value is a <see cref="long"/>, <see cref="decimal"/>,
/// <see cref="string"/>, <see cref="StructuredToken"/>, <see cref="byte"/> array, <see cref="bool"/>, <see cref="DateTimeOffset"/>, or, of an inner list, a list of members.
/// </summary>
internal sealed record StructuredMember(object Value, IReadOnlyList<KeyValuePair<string, object>> Parameters)
{
    public StructuredMember(object value)
        : this(value, [])
    {
    }

    /// <summary>The items of an inner list; <see langword="null"/> for a single item.</summary>
    public IReadOnlyList<StructuredMember>? Items => Value as IReadOnlyList<StructuredMember>;

    /// <summary>The value of a parameter; <see langword="null"/> if it is not there.</summary>
    public object? this[string parameter]
    {
        get
        {
            foreach (var (key, value) in Parameters)
            {
                if (key == parameter)
                {
                    return value;
                }
            }

            return null;
        }
    }
}

/// <summary>A token, which is written without quotes (RFC 9651 §3.3.4).</summary>
internal readonly record struct StructuredToken(string Text);
