using GatewayKit.Auditing.Reading;
using GatewayKit.ClientTests.Hosting;

namespace GatewayKit.ClientTests.Standalone;

/// <summary>Processes that were given the same directory for their audit journals.</summary>
public sealed class SharedJournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("shared-journal-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Second_process_with_the_same_instance_does_not_start_and_says_what_to_do()
    {
        await using var first = await StandaloneProcess.StartAsync(Configuration("\"Instance\": \"web1\","));
        var second = await Command.RunAsync(StandaloneProcess.Start(["--config", first.ConfigurationFile, "--urls", "http://127.0.0.1:0"]));
        Assert.Equal((1, string.Empty), (second.ExitCode, second.Output));
        Assert.Contains($"The audit journal in '{Path.Combine(_folder, "web1")}' cannot be opened", second.Errors, StringComparison.Ordinal);
        Assert.Contains("Another process is writing it: give each its own Journal.Instance.", second.Errors, StringComparison.Ordinal);

        // The first one has not noticed.
        Assert.Single(Boots("web1"));
        await EndAsync(first);

        // The folder is free again.
        await using var third = await StandaloneProcess.StartAsync(Configuration("\"Instance\": \"web1\","));
        Assert.Equal(2, Boots("web1").Length);
        await EndAsync(third);
        await AssertIntactAsync(instances: 1);
    }

    [Fact]
    public async Task Processes_whose_instance_nobody_names_have_a_folder_each()
    {
        await using var first = await StandaloneProcess.StartAsync(Configuration(string.Empty));
        var name = Path.GetFileName(Assert.Single(Directory.GetDirectories(_folder)));
        await using var second = await StandaloneProcess.StartAsync(Configuration(string.Empty));
        Assert.Equal([name, name + "-2"], Directory.GetDirectories(_folder).Select(Path.GetFileName).Order());
        await EndAsync(first);
        await EndAsync(second);
        Assert.Equal((1, 1), (Boots(name).Length, Boots(name + "-2").Length));
        await AssertIntactAsync(instances: 2);
    }

    private static async Task EndAsync(StandaloneProcess process)
    {
        await process.TellToStopAsync();
        Assert.Equal(0, await process.ExitCodeAsync());
    }

    private string Configuration(string instance) => $$"""
        { "Gateway": { "DrainDelay": "00:00:00", "Routes": {}, "Journal": { {{instance}} "Directory": "{{_folder}}" } } }
        """;

    private string[] Boots(string instance) => [.. Directory.GetDirectories(Path.Combine(_folder, instance)).Where(static folder => Guid.TryParse(Path.GetFileName(folder), out _))];

    private async Task AssertIntactAsync(int instances)
    {
        var report = await new AuditLog(_folder).VerifyAsync();
        Assert.True(report.IsIntact, report.ToString());
        Assert.Equal(instances, report.Instances.Count);
    }
}
