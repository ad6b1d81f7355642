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

    private static string WithoutIndents(string text) => string.Join('\n', text.Split('\n').Select(static line => line.Trim()));

    [GeneratedRegex(@"<!-- snippet: (?<source>\S+) -->\s*```\w+\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Snippet();
}
