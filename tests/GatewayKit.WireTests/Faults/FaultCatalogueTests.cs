using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace GatewayKit.WireTests.Faults;

/// <summary>The catalogue is whole, and docs/testing.md says where each row is.</summary>
public sealed partial class FaultCatalogueTests
{
    private static IEnumerable<string> Rows => Enumerable.Range(1, 21).Select(static number => $"U{number}").Concat(Enumerable.Range(1, 4).Select(static number => $"C{number}"));

    // Which class has which row, here.
    private static ILookup<string, string> Tested { get; } = UpstreamFaults.All.Select(static fault => (Row: fault.Id, Class: nameof(UpstreamFaultTests))).Concat(
        from type in typeof(FaultCatalogueTests).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        where method.GetCustomAttributes().Any(static attribute => attribute is FactAttribute)
        from trait in method.GetCustomAttributes<TraitAttribute>()
        where trait.Name == "Fault"
        select (Row: trait.Value, Class: type.Name)).Distinct().ToLookup(static one => one.Row, static one => one.Class);

    [Fact]
    public void Every_row_has_a_test() => Assert.Equal(Rows.Order(StringComparer.Ordinal), Tested.Select(static row => row.Key).Order(StringComparer.Ordinal));

    [Fact]
    public void Names_of_faults_are_their_own() => Assert.Equal(UpstreamFaults.All.Count, UpstreamFaults.All.DistinctBy(static fault => fault.ToString()).Count());

    [Fact]
    public void Every_row_is_found_by_its_reader()
    {
        var root = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", ".."));
        var listed = Row().Matches(File.ReadAllText(Path.Combine(root, "docs", "testing.md"))).Select(static match =>
            (Row: match.Groups["row"].Value, Classes: Name().Matches(match.Groups["tests"].Value).Select(static name => name.Groups["name"].Value).ToArray())).ToArray();
        Assert.Equal(Rows, listed.Select(static one => one.Row));
        var files = Directory.EnumerateFiles(Path.Combine(root, "tests"), "*Tests.cs", SearchOption.AllDirectories).ToLookup(static file => Path.GetFileNameWithoutExtension(file));
        foreach (var (row, classes) in listed)
        {
            var here = Tested[row].ToArray();
            Assert.True(here.All(classes.Contains), $"{row}: {string.Join(", ", here.Except(classes))} is not listed.");

            // Of other projects there is the source, which says the same.
            Assert.All(classes.Except(here), name =>
                Assert.Contains(files[name], file => File.ReadAllText(file).Contains($"[Trait(\"Fault\", \"{row}\")]", StringComparison.Ordinal)));
        }
    }

    private static string Here([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^\| (?<row>[UC][0-9]+) \|.*\| (?<tests>[^|]+) \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<name>[A-Za-z0-9]+)`")]
    private static partial Regex Name();
}
