using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests.Admin;

/// <summary>The commands that docs/partner-onboarding.md shows, one after another.</summary>
public sealed partial class DocumentedOnboardingTests
{
    private const string Configuration = """
        "Gateway": {
          "Routes": { "orders": { "Match": { "Path": "/orders" }, "Respond": { "Status": 200, "Body": "[]" }, "ApiKey": {}, "Plan": {} } },
          "Plans": {
            "trial": { "Quota": { "Limit": 3, "Window": { "Calendar": "Day" } } },
            "gold": { "Throttle": { "RequestsPerSecond": 100 } }
          },
          "Products": { "orders": { "Routes": [ "orders" ] } }
        }
        """;

    [Fact]
    public async Task Commands_do_what_they_say()
    {
        using var file = new SqliteFile();
        var folder = Directory.CreateTempSubdirectory("gatewaykit-onboarding");
        await using var host = await AdminHost.StartAsync(builder =>
        {
            builder.Configuration.Sources.Clear();
            builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($"{{ {Configuration}, \"urls\": \"http://127.0.0.1:0\" }}")));
            builder.Services.Configure<Throttling.Quotas.QuotaOptions>(options => options.Directory = folder.FullName);
            builder.Services.AddApiGateway().AddEntityFrameworkConsumers(file.Use);
        });

        var script = Blocks().Matches(await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "partner-onboarding.md"))).Select(static match => match.Groups["code"].Value).ToArray();
        Assert.True(script.Length > 5);
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", string.Join('\n', script)])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["GATEWAY"] = host.Urls[0], ["ADMIN"] = "Test ann admin" },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, $"{await output}\n{errors}\n{host.Log}");
        Assert.Contains("\"DisplayName\":\"Acme plc\"", await output, StringComparison.Ordinal);
        Assert.Empty(await host.Store.ListAsync(null, 10, default));
        folder.Delete(recursive: true);
    }

    private static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));

    [GeneratedRegex(@"```bash\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
