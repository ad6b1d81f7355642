using System.Net;
using System.Net.Sockets;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Standalone;

/// <summary>What Standalone prints and how it ends, as a script sees it.</summary>
public sealed class CommandLineTests
{
    private const string Fine = """
        { "Gateway": { "Routes": { "hello": { "Match": { "Path": "/hello" }, "Respond": { "Body": "hello" } } } } }
        """;

    [Fact]
    public async Task Help_explains_every_option()
    {
        var help = (await RunAsync("--help")).OutputOfSuccess();
        Assert.All(
            (string[])["--config", "--urls", "--certificate", "--certificate-key", "--development-certificate", "--check", "--print", "Exit codes"],
            option => Assert.Contains(option, help));
    }

    // What it prints is what the configuration takes.
    [Fact]
    public async Task New_key_is_printed_once_with_the_lines_for_the_configuration()
    {
        var output = (await RunAsync("--new-key", "acme", "--application", "shop", "--scopes", "orders:read, orders:write")).OutputOfSuccess();
        var key = output.Split('\n').Select(static line => line.Trim()).Single(static line => line.StartsWith("gk_live_", StringComparison.Ordinal));
        var lines = output[output.IndexOf("\"Consumers\"", StringComparison.Ordinal)..];
        Assert.DoesNotContain(key.Split('_')[3], lines);
        Assert.Contains("\"orders:read\", \"orders:write\"", lines);
        using var folder = new TemporaryFolder();
        var file = folder.Write("gateway.json", $$"""{ "Gateway": { "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "ApiKey": {} } }, {{lines}} } }""");
        (await RunAsync("--config", file, "--check")).OutputOfSuccess();

        Assert.Equal(2, (await RunAsync("--scopes", "a")).ExitCode);
    }

    [Fact]
    public async Task Unusable_arguments_are_all_named_and_end_with_2()
    {
        var run = await RunAsync("--cofnig", "--urls", "ftp://localhost:1;http://example.com:80;http://127.0.0.1:70000;https://127.0.0.1:0", "--check=yes");
        Assert.Equal(2, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.All(
            (string[])["'--cofnig'", "'ftp://localhost:1'", "'example.com'", "'70000'", "--development-certificate", "--check takes no value"],
            part => Assert.Contains(part, run.Errors));
    }

    [Fact]
    public async Task Check_of_a_fine_configuration_sums_it_up_and_ends_with_0()
    {
        var run = await CheckAsync(Fine);
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Errors));
        Assert.Contains("1 route", run.Output);
    }

    [Fact]
    public async Task Check_of_a_bad_configuration_names_all_errors_with_their_paths_and_ends_with_1()
    {
        var run = await CheckAsync("""
            {
              "Gateway": {
                "Clusters": { "orders": { "Destinations": { "a": { "Address": "not an address" } } } },
                "Routes": {
                  "one": { "Match": { "Path": "/one" }, "Cluster": "nowhere" },
                  "two": { "Match": { "Path": "/two" }, "Cluster": "orders", "Thortle": {} }
                }
              }
            }
            """);
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Output));
        Assert.All(
            (string[])["Gateway:Clusters:orders:Destinations:a:Address", "Gateway:Routes:one:Cluster", "Gateway:Routes:two:Thortle"],
            path => Assert.Contains(path, run.Errors));
    }

    [Theory]
    [InlineData("{ \"Gateway\": {", "gateway.json")]
    [InlineData(null, "gateway.json")]
    public async Task Unreadable_file_is_named_and_ends_with_1(string? content, string named)
    {
        var run = await CheckAsync(content);
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Output));
        Assert.Contains(named, run.Errors);
        Assert.DoesNotContain("   at ", run.Errors);
    }

    [Theory]
    [InlineData("""{ "Gatway": { "Routes": {} } }""")]
    [InlineData("{}")]
    public async Task File_without_the_section_of_the_gateway_ends_with_1(string content)
    {
        var run = await CheckAsync(content);
        Assert.Equal((1, string.Empty), (run.ExitCode, run.Output));
        Assert.Contains("gateway.json has no section \"Gateway\"", run.Errors);
    }

    [Fact]
    public async Task Gateway_without_routes_is_fine() =>
        Assert.Equal(0, (await CheckAsync("""{ "Gateway": { "Routes": {} } }""")).ExitCode);

    [Fact]
    public async Task Print_shows_the_pipeline_of_every_route()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("gateway.json", """
            {
              "Gateway": {
                "Clusters": { "orders": { "Destinations": { "a": { "Address": "http://127.0.0.1:5001" } } } },
                "Routes": {
                  "orders": {
                    "Match": { "Path": "/orders/{**rest}" }, "Cluster": "orders",
                    "Throttle": { "RequestsPerSecond": 5, "Partition": "ClientAddress", "Mode": "Shadow" }
                  }
                }
              }
            }
            """);
        var output = (await RunAsync("--config", file, "--print")).OutputOfSuccess();
        Assert.Contains("orders /orders/{**rest}: Admit Throttle (Shadow) → cluster orders", output);
    }

    // It has no code that could add an anchor.
    [Fact]
    public async Task Strict_auditing_without_a_second_place_does_not_pass_a_check()
    {
        var run = await CheckAsync("""
            {
              "Gateway": {
                "Clusters": { "up": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } } } },
                "Routes": { "orders": { "Match": { "Path": "/orders" }, "Cluster": "up", "Audit": { "Delivery": "Strict" } } }
              }
            }
            """);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("nobody is told of the checkpoints", run.Errors);
    }

    [Fact]
    public async Task Bad_configuration_does_not_start()
    {
        using var folder = new TemporaryFolder();
        var run = await RunAsync("--config", folder.Write("gateway.json", """{ "Gateway": { "Rutes": {} } }"""), "--urls", "http://127.0.0.1:0");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Gateway:Rutes", run.Errors);
        Assert.DoesNotContain("Listening", run.Output);
    }

    [Fact]
    public async Task Address_in_use_ends_with_3()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var folder = new TemporaryFolder();
        var run = await RunAsync("--config", folder.Write("gateway.json", Fine), "--urls", $"http://{taken.LocalEndpoint}");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains(taken.LocalEndpoint.ToString()!, run.Errors);
        Assert.DoesNotContain("   at ", run.Errors);
    }

    private static Task<Command> RunAsync(params IEnumerable<string> arguments) => Command.RunAsync(StandaloneProcess.Start(arguments));

    private static async Task<Command> CheckAsync(string? content)
    {
        using var folder = new TemporaryFolder();
        var file = content is null ? Path.Combine(folder.Path, "gateway.json") : folder.Write("gateway.json", content);
        return await RunAsync("--config", file, "--check");
    }
}
