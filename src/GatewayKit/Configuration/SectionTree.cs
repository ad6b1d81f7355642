using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Configuration;

/// <summary>
/// A configuration section that <see cref="SectionReader"/> read once. The framework's sections look at every key of every provider for
/// each <see cref="IConfiguration.GetChildren"/>, so that to bind n routes takes n² steps; here they are at hand.
/// </summary>
/// <remarks>
/// Keys, order and values are the framework's: children in the order of <see cref="ConfigurationKeyComparer"/>, one for all spellings of a
/// key, spelled as the last provider does. Values are asked of the root, so that what a provider's <c>TryGet</c> does to them holds here too.
/// </remarks>
internal sealed class SectionTree : IConfigurationSection
{
    private readonly IConfigurationRoot _root;
    private Dictionary<string, SectionTree>? _children;
    private SectionTree[] _sorted = [];
    private string? _value;
    private int _layer;

    public SectionTree(IConfigurationRoot root, string key) => (_root, Key) = (root, key);

    public string Key { get; private set; }

    public string Path { get; private set; } = string.Empty;

    public string? Value { get => _value; set => throw ReadOnly(); }

    public string? this[string key] { get => GetSection(key).Value; set => throw ReadOnly(); }

    public IEnumerable<IConfigurationSection> GetChildren() => _sorted;

    public IConfigurationSection GetSection(string key)
    {
        var (node, path) = (this, Path.Length == 0 ? key : ConfigurationPath.Combine(Path, key));
        foreach (var segment in key.Split(ConfigurationPath.KeyDelimiter))
        {
            node = node?._children?.GetValueOrDefault(segment);
        }

        return node ?? new SectionTree(_root, ConfigurationPath.GetSectionKey(path)!) { Path = path };
    }

    public IChangeToken GetReloadToken() => _root.GetReloadToken();

    /// <summary>The node of a key, made if need be.</summary>
    /// <param name="key">As the provider spells it.</param>
    /// <param name="layer">The number of the provider: they come in ascending order.</param>
    public SectionTree Child(string key, int layer)
    {
        _children ??= new(StringComparer.OrdinalIgnoreCase);
        if (!_children.TryGetValue(key, out var child))
        {
            _children[key] = child = new(_root, key);
        }

        // The framework lists the keys of later providers before equal ones of earlier ones, and keeps the first.
        if (child._layer != layer)
        {
            (child.Key, child._layer) = (key, layer);
        }

        return child;
    }

    /// <summary>Ends the reading: orders the children and takes the values.</summary>
    public void Seal(string? path)
    {
        (Path, _value) = (path ?? string.Empty, path is null ? null : _root[path]);
        _sorted = _children is null ? [] : [.. _children.Values.OrderBy(static child => child.Key, ConfigurationKeyComparer.Instance).ThenByDescending(static child => child._layer)];
        foreach (var child in _sorted)
        {
            child.Seal(path is null ? child.Key : ConfigurationPath.Combine(path, child.Key));
        }
    }

    private static NotSupportedException ReadOnly() => new("A section that was read once cannot be changed.");
}
