namespace GatewayKit.Pipeline;

/// <summary>Names of fields of a request that do not go to destinations. Of few, so that the first ones take no memory of their own.</summary>
internal struct WithheldFields
{
    private string? _first, _second;
    private List<string>? _more;

    /// <summary>Whether there are any.</summary>
    public readonly bool Any => _first is not null;

    /// <summary>Adds a name; case is ignored.</summary>
    public void Add(string name)
    {
        if (Contains(name))
        {
            return;
        }

        if (_first is null)
        {
            _first = name;
        }
        else if (_second is null)
        {
            _second = name;
        }
        else
        {
            (_more ??= []).Add(name);
        }
    }

    /// <summary>Whether a name is among them.</summary>
    public readonly bool Contains(string name) =>
        Is(_first, name) || Is(_second, name) || (_more is not null && _more.Exists(one => Is(one, name)));

    private static bool Is(string? known, string name) => string.Equals(known, name, StringComparison.OrdinalIgnoreCase);
}
