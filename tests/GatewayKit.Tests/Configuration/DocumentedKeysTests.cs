using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using GatewayKit.Configuration;
using GatewayKit.Tests.Architecture;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Configuration;

/// <summary>
/// The tables of docs/configuration.md are those of the model: every key of the schema and no other, each with its range and its default. A row may
/// have several keys; one that begins with a colon continues the parent of the one before.
/// </summary>
public sealed partial class DocumentedKeysTests
{
    private static readonly string Docs = Path.Combine(Sources.Root, "docs");

    private readonly List<Key> _keys = [];
    private readonly HashSet<string> _steps = [];
    private readonly ModelSamples _samples;

    public DocumentedKeysTests()
    {
        var services = new ServiceCollection();
        services.AddApiGateway();
        using var provider = services.BuildServiceProvider();
        var (types, policies) = (provider.GetRequiredService<ModelTypes>(), provider.GetRequiredService<PolicyNames>());
        _samples = new(types, policies);
        AddRecord(types.Get(typeof(GatewayOptions)), string.Empty);
        AddRecord(types.Get(typeof(RouteSet)), string.Empty);
        foreach (var policy in policies.All)
        {
            AddRecord(types.Get(policy.PolicyType), $"Routes:<id>:{policy.Name}");
        }
    }

    [Fact]
    public void Every_key_is_in_a_table_and_every_key_of_a_table_is_one()
    {
        string[] documented = [.. Rows().Select(static row => row.Path)];
        string[] missing = [.. _keys.Where(key => !documented.Contains(key.Path, StringComparer.Ordinal)).Select(static key => $"| `{key.Path}` | {key.Range} | {key.Default} |")];
        Assert.True(missing.Length == 0, $"docs/configuration.md lacks:\n{string.Join('\n', missing)}");
        var known = _keys.Select(static key => key.Path).ToHashSet();
        Assert.All(documented, path => Assert.Contains(path, known));
        Assert.Distinct(documented);
    }

    [Fact]
    public void Ranges_and_defaults_are_those_of_the_code()
    {
        var rows = Rows().ToLookup(static row => row.Path, StringComparer.Ordinal);
        string[] wrong =
        [
            .. from key in _keys
               from row in rows[key.Path]
               where (key.Default is null ? row.Default.Length == 0 : row.Default != key.Default) || !(key.Range ?? string.Empty).Split(" to ").All(bound => row.Range.Contains(bound, StringComparison.Ordinal))
               select $"{key.Path} is '{row.Range}', '{row.Default}', and must be '{key.Range}', '{key.Default}'",
        ];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }

    [Fact]
    public void Steps_of_transforms_are_on_their_own_page()
    {
        var page = File.ReadAllText(Path.Combine(Docs, "transforms.md"));
        Assert.NotEmpty(_steps);
        Assert.All(_steps, step => Assert.Contains($"`{step}`", page, StringComparison.Ordinal));
    }

    private void AddRecord(ModelType type, string path)
    {
        // A record that cannot be made without values tells its other defaults with some.
        var instance = type.Create!(type.Properties.Concat(new[] { type.Id }.OfType<ModelProperty>()).Where(static property => property.IsRequired)
            .ToDictionary(static property => property, property => (object?)_samples.Make(property.Type, 0)));
        foreach (var property in type.Properties)
        {
            Add(property.Type, ModelPath.Join(path, property.Name), property, property.Get(instance));
        }
    }

    private void Add(ModelType type, string path, ModelProperty property, object? value)
    {
        switch (type.Kind)
        {
            case ModelKind.CodeOnly:
                return;
            case ModelKind.List when type.Item.Kind is ModelKind.Union:
                AddKey(path, property, value);
                _steps.UnionWith(type.Item.Cases.SelectMany(static one => one.Type.Properties).Select(static one => one.Name));
                return;
            case ModelKind.Union:
                AddKey(path, property, value);
                type.Cases.ToList().ForEach(one => AddRecord(one.Type, path));
                return;
            case ModelKind.Map or ModelKind.Keyed or ModelKind.List when type.Item.Kind is ModelKind.Record:
                AddKey(path, property, value);
                AddRecord(type.Item, type.Kind is ModelKind.List ? path : $"{path}:<id>");
                return;
            case ModelKind.Record when type.Type == property.Property.DeclaringType:
                AddKey(path, property, value);
                return;
            case ModelKind.Record:
                if (value is null || property.IsRequired)
                {
                    AddKey(path, property, value);
                }

                AddRecord(type, path);
                return;
            default:
                AddKey(path, property, value);
                return;
        }
    }

    private void AddKey(string path, ModelProperty property, object? value) => _keys.Add(new(
        path,
        property.Annotations.OfType<RangeAttribute>().Select(range => $"{Text(range.Minimum, property)} to {Text(range.Maximum, property)}").FirstOrDefault(),
        property.IsRequired ? "required" : Text(value, property)));

    // What has no value of its own, such as none, is for the page to say.
    private static string? Text(object? value, ModelProperty property) => value switch
    {
        null => null,
        bool yes => yes ? "true" : "false",
        int or long when property.Name.EndsWith("Bytes", StringComparison.Ordinal) && Convert.ToInt64(value, CultureInfo.InvariantCulture) is > 0 and var bytes && bytes % 1024 == 0 =>
            bytes % 1048576 == 0 ? $"{bytes / 1048576} MiB" : $"{bytes / 1024} KiB",
        int or long => string.Create(CultureInfo.InvariantCulture, $"{value:N0}"),
        double number => number.ToString("#,0.######", CultureInfo.InvariantCulture),
        TimeSpan { Ticks: < 0 } => "infinite",
        TimeSpan time => time switch
        {
            { Ticks: 0 } => "0 s",
            { TotalDays: >= 1 } when time.TotalDays % 1 == 0 => $"{time.TotalDays} d",
            { TotalMinutes: > 1 } when time.TotalMinutes % 1 == 0 => $"{time.TotalMinutes} min",
            { TotalSeconds: >= 1 } when time.TotalSeconds % 1 == 0 => $"{time.TotalSeconds} s",
            _ => $"{time.TotalMilliseconds} ms",
        },
        string { Length: > 0 } or Enum or Version => value.ToString(),
        string => null,
        KeyValuePair<string, double> entry => $"{entry.Key} {Text(entry.Value, property)}",
        IEnumerable list when list.Cast<object>().ToArray() is { Length: > 0 } items => string.Join(" · ", items.Select(item => item is IPNetwork ? item.ToString() : Text(item, property))),
        IEnumerable => null,
        _ => value.ToString(),
    };

    private static IEnumerable<Row> Rows()
    {
        var section = File.ReadAllText(Path.Combine(Docs, "configuration.md")).Split("## Every key")[1].Split("\n## ")[0];
        var (prefix, isRow) = (string.Empty, false);
        foreach (var line in section.Split('\n'))
        {
            string[] cells = [.. line.Trim().Trim('|').Split('|').Select(static cell => cell.Trim())];
            if (!line.StartsWith('|') || line.StartsWith("|---", StringComparison.Ordinal))
            {
                isRow = isRow && line.StartsWith('|');
                continue;
            }

            string[] spans = [.. Code().Matches(cells[0]).Select(static match => match.Groups["code"].Value)];
            if (!isRow)
            {
                (prefix, isRow) = (spans is [var one] ? one : string.Empty, true);
                continue;
            }

            var full = string.Empty;
            string[] defaults = [.. cells[^1].Replace("`", string.Empty, StringComparison.Ordinal).Split(", ")];
            for (var i = 0; i < spans.Length; i++)
            {
                full = spans[i].StartsWith(':') ? full[..full.LastIndexOf(':')] + spans[i] : ModelPath.Join(prefix, spans[i]);
                yield return new(full, cells[1], spans.Length == defaults.Length ? defaults[i] : string.Join(", ", defaults));
            }
        }
    }

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex Code();

    private sealed record Key(string Path, string? Range, string? Default);

    private sealed record Row(string Path, string Range, string Default);
}
