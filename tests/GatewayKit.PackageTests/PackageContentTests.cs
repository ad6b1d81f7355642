using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text.Json;
using System.Xml.Linq;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.PackageTests;

/// <summary>What a user gets.</summary>
public sealed class PackageContentTests(Packages packages)
{
    private const string Library = "lib/net10.0/GatewayKit.dll";

    [Theory]
    [InlineData("README.md")]
    [InlineData(Library)]
    [InlineData("lib/net10.0/GatewayKit.xml")]
    [InlineData("gatewaykit.schema.json")]
    [InlineData("buildTransitive/GatewayKit.targets")]
    public void Package_has_the_file(string path)
    {
        using var package = packages.Open("GatewayKit");
        Assert.NotNull(package.GetEntry(path));
    }

    [Theory]
    [InlineData("GatewayKit")]
    [InlineData("GatewayKit.Testing")]
    [InlineData("GatewayKit.ServiceDiscovery")]
    [InlineData("GatewayKit.Redis")]
    [InlineData("GatewayKit.JwtBearer")]
    [InlineData("GatewayKit.EntityFrameworkCore")]
    [InlineData("GatewayKit.PostgreSql")]
    [InlineData("GatewayKit.OpenTelemetry")]
    [InlineData("GatewayKit.Cli")]
    [InlineData("GatewayKit.Templates")]
    public void Description_names_license_readme_and_purpose(string id)
    {
        using var package = packages.Open(id);
        using var stream = package.GetEntry($"{id}.nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().Single();
        string? Value(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value;
        Assert.Equal(("MIT", "README.md"), (Value("license"), Value("readme")));
        Assert.All([Value("description"), Value("tags"), Value("authors")], Assert.NotEmpty!);
        Assert.NotNull(package.GetEntry("README.md"));
    }

    [Fact]
    public async Task Tool_is_installed_and_runs()
    {
        var folder = Path.Combine(packages.Folder, "tools");
        await packages.DotnetAsync(packages.Folder, "tool", "install", "GatewayKit.Cli", "--tool-path", folder, "--version", packages.VersionOf("GatewayKit.Cli"));
        var tool = await Command.RunAsync(new(Path.Combine(folder, "gatewaykit"), ["--help"]));
        Assert.Contains("audit", tool.OutputOfSuccess(), StringComparison.Ordinal);
    }

    [Fact]
    public void Gateway_depends_on_the_framework_and_what_makes_calls_resilient_alone()
    {
        using var package = packages.Open("GatewayKit");
        using var stream = package.GetEntry("GatewayKit.nuspec")!.Open();
        var elements = XDocument.Load(stream).Descendants().ToArray();
        IEnumerable<string> Named(string kind, string attribute) => elements.Where(element => element.Name.LocalName == kind).Select(element => element.Attribute(attribute)!.Value);
        Assert.Equal(["Microsoft.Extensions.Http.Resilience", "Polly.Core"], Named("dependency", "id"));
        Assert.Equal(["Microsoft.AspNetCore.App"], Named("frameworkReference", "name"));
    }

    [Fact]
    public void Schema_is_json_and_knows_routes_clusters_and_policies()
    {
        using var package = packages.Open("GatewayKit");
        using var stream = package.GetEntry("gatewaykit.schema.json")!.Open();
        using var schema = JsonDocument.Parse(stream);
        var text = schema.RootElement.GetRawText();
        Assert.All((string[])["\"Routes\"", "\"Clusters\"", "\"Defaults\"", "\"Throttle\"", "\"Transforms\""], part => Assert.Contains(part, text));
    }

    [Fact]
    public void Documentation_of_the_public_surface_is_there()
    {
        using var package = packages.Open("GatewayKit");
        using var stream = package.GetEntry("lib/net10.0/GatewayKit.xml")!.Open();
        var documented = XDocument.Load(stream).Descendants("member").Select(static member => member.Attribute("name")!.Value).ToHashSet();
        Assert.Contains("T:GatewayKit.Routing.GatewayRoute", documented);
        Assert.Contains("M:Microsoft.Extensions.DependencyInjection.GatewayServiceCollectionExtensions.AddApiGateway(Microsoft.Extensions.DependencyInjection.IServiceCollection)", documented);
    }

    [Theory]
    [InlineData("GatewayKit")]
    [InlineData("GatewayKit.Testing")]
    [InlineData("GatewayKit.ServiceDiscovery")]
    [InlineData("GatewayKit.Redis")]
    [InlineData("GatewayKit.JwtBearer")]
    [InlineData("GatewayKit.EntityFrameworkCore")]
    [InlineData("GatewayKit.PostgreSql")]
    [InlineData("GatewayKit.OpenTelemetry")]
    public async Task Symbols_have_paths_of_no_machine(string id)
    {
        using var package = packages.Open(id, "snupkg");
        var content = new MemoryStream();
        await using (var symbols = await package.GetEntry($"lib/net10.0/{id}.pdb")!.OpenAsync())
        {
            await symbols.CopyToAsync(content);
        }

        content.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(content);
        var reader = provider.GetMetadataReader();
        var documents = reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name)).ToArray();
        Assert.NotEmpty(documents);
        Assert.All(documents, static path => Assert.StartsWith("/_", path));
    }

    // The logging generator of the SDK (10.0.14) writes its classes in an order that changes from run to run. That changes no code, but the
    // symbols hold the generated file, and the assembly holds what identifies them: time stamp 4, module id 16, symbol id 20, checksum 32 bytes.
    [Fact]
    public async Task Building_again_gives_the_same_code()
    {
        const int BytesOfIdentity = 72;
        var feed = Path.Combine(packages.Folder, "feed-again");
        var first = Bytes(packages.FileOf("GatewayKit"));
        await packages.PackAnewAsync("src/GatewayKit", feed);
        var second = Bytes(Path.Combine(feed, Path.GetFileName(packages.FileOf("GatewayKit"))));
        Assert.Equal(first.Length, second.Length);
        Assert.InRange(first.Zip(second).Count(static pair => pair.First != pair.Second), 0, BytesOfIdentity);
    }

    private static byte[] Bytes(string file)
    {
        using var package = ZipFile.OpenRead(file);
        using var content = new MemoryStream();
        using var library = package.GetEntry(Library)!.Open();
        library.CopyTo(content);
        return content.ToArray();
    }
}
