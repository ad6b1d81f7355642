using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using GatewayKit.ClientTests.Hosting;
using GatewayKit.PackageTests;

[assembly: AssemblyFixture(typeof(Packages))]

namespace GatewayKit.PackageTests;

/// <summary>Everything packed once, as a build server does, to a feed in a temporary folder.</summary>
public sealed class Packages : IAsyncLifetime
{
    private static readonly string Root =
        typeof(Packages).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(static attribute => attribute.Key == "RepositoryRoot").Value!;

    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder.Path;

    private string Feed => Path.Combine(Folder, "feed");

    // Inside the repository, so that the paths of generated files are relative to it like all others.
    private static string Artifacts => Path.Combine(Root, "artifacts", "package-tests");

    public async ValueTask InitializeAsync()
    {
        // One after the other from nothing but the sources: what several need is built once.
        Clear();
        await PackAsync("src/GatewayKit", Feed);
        await PackAsync("src/GatewayKit.Testing", Feed);
        await PackAsync("src/GatewayKit.ServiceDiscovery", Feed);
        await PackAsync("src/GatewayKit.Redis", Feed);
        await PackAsync("src/GatewayKit.JwtBearer", Feed);
        await PackAsync("src/GatewayKit.EntityFrameworkCore", Feed);
        await PackAsync("src/GatewayKit.PostgreSql", Feed);
        await PackAsync("src/GatewayKit.OpenTelemetry", Feed);
        await PackAsync("src/GatewayKit.Cli", Feed);
        await PackAsync("samples/GatewayKit.Templates", Feed);

        // Our packages from the feed and nowhere else; all others from where this repository has them from.
        var config = await File.ReadAllTextAsync(Path.Combine(Root, "nuget.config"));
        _folder.Write("nuget.config", config
            .Replace("<clear />", $"<clear /><add key=\"packed\" value=\"{Feed}\" />", StringComparison.Ordinal)
            .Replace("<packageSourceMapping>", "<packageSourceMapping><packageSource key=\"packed\"><package pattern=\"GatewayKit*\" /></packageSource>", StringComparison.Ordinal));
        await DotnetAsync(Folder, "new", "install", FileOf("GatewayKit.Templates"));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    public ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(FileOf(id, extension));

    /// <summary>The one package of that name; other names may start with it.</summary>
    public string FileOf(string id, string extension = "nupkg") =>
        Assert.Single(Directory.GetFiles(Feed, $"{id}.*.{extension}"), file => char.IsDigit(Path.GetFileName(file)[id.Length + 1]));

    public string VersionOf(string id) => Path.GetFileNameWithoutExtension(FileOf(id))[(id.Length + 1)..];

    /// <summary>Packs one project from nothing but its sources.</summary>
    public Task<string> PackAnewAsync(string project, string feed)
    {
        Clear();
        return PackAsync(project, feed);
    }

    private static void Clear()
    {
        if (Directory.Exists(Artifacts))
        {
            Directory.Delete(Artifacts, recursive: true);
        }
    }

    // Without the analyzers: what they have to say was said by the build in front of the tests.
    private Task<string> PackAsync(string project, string feed) => DotnetAsync(
        Root, "pack", project, "--configuration", "Release", "--output", feed, "--artifacts-path", Artifacts, "-p:ContinuousIntegrationBuild=true", "-p:RunAnalyzers=false");

    /// <summary>Runs the SDK, keeping templates and packages out of the user's folders.</summary>
    internal async Task<string> DotnetAsync(string workingDirectory, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = workingDirectory };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";

        // A compiler that stays would keep the output open that is read to its end.
        start.Environment["UseSharedCompilation"] = "false";
        if (workingDirectory != Root)
        {
            start.Environment["DOTNET_CLI_HOME"] = Path.Combine(Folder, "home");
            start.Environment["NUGET_PACKAGES"] = Path.Combine(Folder, "packages");
        }

        return (await Command.RunAsync(start)).OutputOfSuccess();
    }
}
