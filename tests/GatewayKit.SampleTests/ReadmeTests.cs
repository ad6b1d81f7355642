using System.Reflection;
using System.Text.RegularExpressions;

namespace GatewayKit.SampleTests;

/// <summary>The first screen of the README is code that runs: lines of QuickStart, with comments of its own.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Root =
        typeof(ReadmeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static attribute => attribute.Key == "RepositoryRoot").Value!;

    [Fact]
    public void Code_of_the_readme_is_code_of_the_sample()
    {
        var sample = File.ReadLines(Path.Combine(Root, "samples/QuickStart/Program.cs")).Select(Code).ToHashSet();
        var readme = CSharp().Match(File.ReadAllText(Path.Combine(Root, "README.md"))).Groups["code"].Value.Split('\n').Select(Code).Where(static line => line.Length > 0).ToArray();
        Assert.Contains("app.MapGatewayRoutes();", readme);
        Assert.All(readme, line => Assert.Contains(line, sample));
    }

    private static string Code(string line) => Comment().Replace(line, string.Empty).Trim();

    [GeneratedRegex(@"```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\s+// .*$")]
    private static partial Regex Comment();
}
