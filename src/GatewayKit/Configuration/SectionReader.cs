using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.Configuration;

/// <summary>Reads a configuration section in one pass over the keys of each provider.</summary>
internal static class SectionReader
{
    /// <summary>Reads all that is below a section or root. What is not the framework's own kind of either is returned as it is.</summary>
    public static IConfiguration Read(IConfiguration section)
    {
        if (!TryGetRoot(section, out var root))
        {
            return section;
        }

        var (path, key) = section is IConfigurationSection part ? (part.Path, part.Key) : (null, string.Empty);
        var (tree, layer) = (new SectionTree(root, key), 0);
        foreach (var provider in root.Providers)
        {
            Add(tree, provider, path, ++layer);
        }

        tree.Seal(path);
        return tree;
    }

    /// <summary>What a section is a section of; <see langword="null"/> if it is not the framework's own kind.</summary>
    public static IConfiguration? RootOf(IConfiguration section) => TryGetRoot(section, out var root) ? root : null;

    private static void Add(SectionTree tree, IConfigurationProvider provider, string? path, int layer)
    {
        if (provider is ChainedConfigurationProvider chained)
        {
            Copy(tree, Read(path is null ? chained.Configuration : chained.Configuration.GetSection(path)), layer);
            return;
        }

        var prefix = path is null ? string.Empty : path + ConfigurationPath.KeyDelimiter;
        var own = provider is ConfigurationProvider flat ? KeysOf(flat, prefix) : [];
        var firsts = own.Select(key => key[prefix.Length..].Split(ConfigurationPath.KeyDelimiter, 2)[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);

        // A provider may say by itself what its keys are, apart from its Data. One call tells.
        if (!firsts.SetEquals(provider.GetChildKeys([], path)))
        {
            Walk(tree, provider, path, layer);
            return;
        }

        foreach (var key in own)
        {
            var node = tree;
            foreach (var segment in key[prefix.Length..].Split(ConfigurationPath.KeyDelimiter))
            {
                node = node.Child(segment, layer);
            }
        }
    }

    private static void Copy(SectionTree node, IConfiguration section, int layer)
    {
        foreach (var child in section.GetChildren())
        {
            Copy(node.Child(child.Key, layer), child, layer);
        }
    }

    private static void Walk(SectionTree node, IConfigurationProvider provider, string? path, int layer)
    {
        foreach (var key in provider.GetChildKeys([], path).Distinct(StringComparer.OrdinalIgnoreCase).ToArray())
        {
            Walk(node.Child(key, layer), provider, Combine(path, key), layer);
        }
    }

    // A file provider replaces its data as a whole. Other data may be edited while it is read, which its enumerator tells.
    private static string[] KeysOf(ConfigurationProvider provider, string prefix)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return [.. DataOf(provider).Select(static pair => pair.Key).Where(key => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))];
            }
            catch (InvalidOperationException) when (attempt < 10)
            {
            }
        }
    }

    private static bool TryGetRoot(IConfiguration section, [NotNullWhen(true)] out IConfigurationRoot? root)
    {
        try
        {
            root = section.GetType() == typeof(ConfigurationSection) ? RootFieldOf((ConfigurationSection)section) : section as IConfigurationRoot;
        }
        catch (MissingFieldException)
        {
            root = null;
        }

        return root is ConfigurationRoot or ConfigurationManager;
    }

    private static string Combine(string? path, string key) => path is null ? key : ConfigurationPath.Combine(path, key);

    // The public way to the keys, GetChildKeys, is linear for each call. Both accessors are resolved at compile time, native AOT included.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Data")]
    private static extern IDictionary<string, string?> DataOf(ConfigurationProvider provider);

    // A section does not tell its root. Without the field, it is read as it is: slowly.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_root")]
    private static extern ref IConfigurationRoot RootFieldOf(ConfigurationSection section);
}
