using System.Runtime.CompilerServices;

namespace GatewayKit.Tests.Architecture;

/// <summary>The source files of the repository.</summary>
internal static class Sources
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Here(), "..", "..", ".."));

    /// <summary>C# files below a folder of the repository, without what a build leaves there.</summary>
    public static IEnumerable<string> In(string folder) => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(static file => !file.Split(Path.DirectorySeparatorChar).Any(static part => part is "obj" or "bin"));

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
