using GatewayKit.Shared;

namespace GatewayKit.PackageTests;

/// <summary>Each template made, built against the packages and started, as a user does; then one request.</summary>
public sealed class TemplateTests(Packages packages)
{
    [Fact]
    public async Task Gateway_template_makes_a_gateway_that_answers()
    {
        var (folder, assembly) = await CreateAsync("gateway", "MyGateway");
        await using var gateway = await ServingProcess.StartAsync(
            folder, "Listening on ", assembly, "--config", "gateway.json", "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = gateway.Address };
        Assert.Equal("alive\n", await client.GetStringAsync("/alive"));
    }

    [Fact]
    public async Task Existing_app_template_makes_an_app_whose_own_and_gateway_routes_answer()
    {
        var (folder, assembly) = await CreateAsync("gateway-existing-app", "MyApp");
        await using var app = await ServingProcess.StartAsync(
            folder,
            "The gateway listens on ",
            assembly,
            "--urls", "http://127.0.0.1:0",
            $"--Gateway:Clusters:catalog:Destinations:a:Address=http://127.0.0.1:{FreePort.Next()}",
            $"--Gateway:Clusters:catalog:Destinations:b:Address=http://127.0.0.1:{FreePort.Next()}",
            $"--Gateway:Clusters:catalog:Destinations:c:Address=http://127.0.0.1:{FreePort.Next()}",
            $"--Gateway:Clusters:orders:Destinations:a:Address=http://127.0.0.1:{FreePort.Next()}");
        using var client = new HttpClient { BaseAddress = app.Address };
        Assert.Contains("own page", await client.GetStringAsync("/"));
        Assert.Contains("\"through\":\"quick-start\"", await client.GetStringAsync("/catalog/items/1"));
    }

    private async Task<(string Folder, string Assembly)> CreateAsync(string template, string name)
    {
        await packages.DotnetAsync(packages.Folder, "new", template, "--name", name, "--skipRestore");
        var folder = Path.Combine(packages.Folder, name);
        Assert.True(File.Exists(Path.Combine(folder, $"{name}.csproj")));
        Assert.All(
            Directory.GetFiles(folder, "*.cs"),
            static file => Assert.DoesNotContain("Standalone", File.ReadAllText(file)));

        // Warnings are errors: what a user starts from builds clean.
        await packages.DotnetAsync(folder, "build", "-warnaserror");
        var output = Path.Combine(folder, "bin", "Debug", "net10.0");

        // What the package sets in every app that refers to it: a bare LF ends no line.
        Assert.Contains("\"Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators\": true", await File.ReadAllTextAsync(Path.Combine(output, $"{name}.runtimeconfig.json")));
        return (folder, Path.Combine(output, $"{name}.dll"));
    }
}
