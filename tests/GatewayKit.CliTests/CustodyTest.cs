using System.Security.Cryptography;
using System.Text.Json;

namespace GatewayKit.CliTests;

/// <summary>A folder with a configuration, the journal of the gateway that ran there, and the tool.</summary>
public abstract class CustodyTest : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("custody-").FullName;

    protected string Journal => Path.Combine(Folder, "audit");

    protected CustodyTest() => Configure();

    public void Dispose()
    {
        foreach (var file in new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            file.IsReadOnly = false;
        }

        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Encrypts who called by the key of each, and has the pseudonym beside it.</summary>
    private protected void Configure(string settings = "\"RetainFor\": \"400.00:00:00\"", string encrypted = "\"Consumer\", \"Address\", \"UserAgent\"")
    {
        File.WriteAllText(Path.Combine(Folder, "pseudonyms.key"), Convert.ToBase64String(SHA256.HashData("pseudonyms"u8)));
        File.WriteAllText(Path.Combine(Folder, "gateway.json"), $$"""
            {
              "Gateway": {
                "Routes": {},
                "Journal": {
                  "Instance": "web1",
                  {{settings}},
                  "Personal": { "PseudonymKeys": { "2026": "file:{{Folder}}/pseudonyms.key" }, "Encrypted": [ {{encrypted}} ], "KeyDirectory": "audit-keys" }
                }
              }
            }
            """);
    }

    /// <summary>Has a gateway record requests, a day long ago, and end.</summary>
    private protected async Task RecordAsync(int daysAgo, string[] callers, Action<GatewayBuilder>? configure = null)
    {
        await using var gateway = await RecordedGateway.StartAsync(Folder, new Past(TimeSpan.FromDays(daysAgo)), configure);
        await gateway.ServeAsync(callers);
    }

    private protected Task<(int Code, string Output, string Error)> AuditAsync(string command, params IEnumerable<string> arguments) => AuditAsync(command, input: null, arguments);

    private protected Task<(int Code, string Output, string Error)> AuditAsync(string command, string? input, IEnumerable<string> arguments) =>
        Tool.RunAsync(Folder, input, ["audit", command, "audit", .. arguments]);

    private protected async Task AssertIntactAsync(params IEnumerable<string> options)
    {
        var (code, output, error) = await AuditAsync("verify", options);
        Assert.True(code is 0, output + error);
    }

    private protected IReadOnlyList<JsonElement> Events(string name) =>
    [
        .. Directory.GetFiles(Journal, "*.gkal", SearchOption.AllDirectories).SelectMany(File.ReadAllLines).Select(static line => JsonElement.Parse(line))
            .Where(line => line.TryGetProperty("event", out var value) && value.GetString() == name),
    ];

    private protected SortedDictionary<string, string> Files() =>
        new(Directory.GetFileSystemEntries(Folder, "*", SearchOption.AllDirectories).ToDictionary(
            static path => path, static path => Directory.Exists(path) ? string.Empty : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)))));

    // Its timers are those of today.
    private sealed class Past(TimeSpan ago) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - ago;
    }
}
