using System.Text.RegularExpressions;

namespace GatewayKit.Tests.Architecture;

/// <summary>A snippet in the documentation that names its source is part of that source, which is compiled and run.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public void Snippets_are_compiled_code()
    {
        var snippets = Directory.EnumerateFiles(Path.Combine(Sources.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .SelectMany(static page => Snippet().Matches(File.ReadAllText(page)).Select(match => (Page: Path.GetFileName(page), match.Groups["source"], match.Groups["code"])))
            .ToArray();

        Assert.NotEmpty(snippets);
        foreach (var (page, source, code) in snippets)
        {
            var file = Path.Combine(Sources.Root, source.Value);
            Assert.True(File.Exists(file), $"{page} shows code of {source.Value}, which does not exist.");
            Assert.True(WithoutIndents(File.ReadAllText(file)).Contains(WithoutIndents(code.Value), StringComparison.Ordinal), $"{page} shows code that is not in {source.Value}:\n{code.Value}");
        }
    }

    [Fact]
    public void Namespaces_of_public_types_are_in_the_table_of_usings_with_types_of_theirs()
    {
        var page = File.ReadAllLines(Path.Combine(Sources.Root, "docs", "getting-started.md"));
        var rows = page.Select(static line => line.Trim('|').Split('|')).Where(static cells => cells.Length == 2).ToLookup(static cells => cells[1].Trim().Trim('`'), static cells => cells[0]);
        Assert.All(typeof(GatewayOptions).Assembly.GetExportedTypes().GroupBy(static type => type.Namespace!).Where(static types => types.Key.StartsWith("GatewayKit", StringComparison.Ordinal)), types =>
        {
            var row = Assert.Single(rows[types.Key]);
            var names = types.Select(static type => type.Name).ToHashSet();
            Assert.Contains(Code().Matches(row), match => names.Contains(match.Groups["code"].Value));
        });

        // Nothing that is not there, or somewhere else.
        Assert.All(rows.Where(static row => row.Key.StartsWith("GatewayKit", StringComparison.Ordinal)).SelectMany(static row => row, static (row, cell) => (row.Key, cell)), row =>
            Assert.All(Code().Matches(row.cell).Select(static match => match.Groups["code"].Value).Where(static name => !name.EndsWith("()", StringComparison.Ordinal) && name != "ConfigureAttempts"), name =>
                Assert.True(row.Key == "GatewayKit.Testing" || typeof(GatewayOptions).Assembly.GetType($"{row.Key}.{name}") is { IsPublic: true }, $"{row.Key} has no {name}.")));
    }

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        var pages = Pages().ToDictionary(static page => page, File.ReadAllText);
        var links = pages.SelectMany(static page => Link().Matches(page.Value).Select(match => (Page: page.Key, File: match.Groups["file"].Value, Anchor: match.Groups["anchor"].Value))).ToArray();
        Assert.NotEmpty(links);
        Assert.All(links, link =>
        {
            var target = link.File.Length == 0 ? link.Page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(link.Page)!, link.File));
            Assert.True(Path.Exists(target), $"{link.Page} leads to {link.File}, which does not exist.");
            Assert.True(
                link.Anchor.Length == 0 || Heading().Matches(File.ReadAllText(target)).Any(match => AnchorOf(match.Groups["text"].Value) == link.Anchor),
                $"{link.Page} leads to {link.File}#{link.Anchor}, and there is no such heading.");
        });
    }

    [Fact]
    public void Instruments_tags_and_events_of_the_pages_are_those_of_the_code()
    {
        var code = string.Concat(Sources.In("src").Select(File.ReadAllText));
        var pages = string.Concat(Pages().Select(File.ReadAllText));
        Assert.NotEmpty(Created().Matches(code));
        Assert.NotEmpty(Event().Matches(pages));
        Assert.All(Instrument().Matches(pages), match => Assert.Contains($"\"{match.Value}\"", code, StringComparison.Ordinal));
        Assert.All(Created().Matches(code), match => Assert.Contains($"`{match.Groups["name"].Value}`", pages, StringComparison.Ordinal));
        Assert.All(Event().Matches(pages), match => Assert.Contains($" = {match.Groups["id"].Value};", code, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Pages() => [Path.Combine(Sources.Root, "README.md"), .. Directory.EnumerateFiles(Path.Combine(Sources.Root, "docs"), "*.md", SearchOption.AllDirectories)];

    // As the sites that show these pages make them: lower case, no punctuation, dashes for spaces.
    private static string AnchorOf(string heading) => string.Concat(heading.Trim().ToLowerInvariant().Where(static letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')).Replace(' ', '-');

    private static string WithoutIndents(string text) => string.Join('\n', text.Split('\n').Select(static line => line.Trim()));

    [GeneratedRegex(@"\]\((?!\w+:)(?<file>[^)#\s]*)(#(?<anchor>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"gatewaykit\.[a-z_.]*[a-z]")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"Create\w+(<\w+>)?\(\s*""(?<name>gatewaykit\.[a-z_.]+)""")]
    private static partial Regex Created();

    [GeneratedRegex(@"([Ee]vents?|Log) (?<id>[12]\d{3})\b")]
    private static partial Regex Event();

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"<!-- snippet: (?<source>\S+) -->\s*```\w+\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
