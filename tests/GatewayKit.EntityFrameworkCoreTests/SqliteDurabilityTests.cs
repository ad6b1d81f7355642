using System.Diagnostics;
using System.Runtime.CompilerServices;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests;

/// <summary>What a process that is killed leaves behind.</summary>
public sealed class SqliteDurabilityTests : IDisposable
{
    private const string Marker = "GATEWAYKIT_CONSUMERS_CHILD";
    private readonly SqliteFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Everything_that_was_answered_is_there_after_the_process_was_killed()
    {
        var answered = new List<string>();
        await using (await StoreHost.StartAsync(_file.Use))
        {
            for (var round = 0; round < 2; round++)
            {
                answered.AddRange(await WriteAndKillAsync(round, after: 20));
            }
        }

        await using var host = await StoreHost.StartAsync(_file.Use);
        Assert.Equal("ok", await host.InContextAsync(static context => context.Database.SqlQuery<string>($"SELECT integrity_check AS Value FROM pragma_integrity_check").SingleAsync()));
        Assert.Equal("wal", await host.InContextAsync(static context => context.Database.SqlQuery<string>($"SELECT journal_mode AS Value FROM pragma_journal_mode").SingleAsync()));
        Assert.True(answered.Count >= 40);
        foreach (var id in answered)
        {
            Assert.Equal(ConsumerRepositoryConformance.Full(id), (await host.Store.GetAsync(id, default))?.Consumer);
        }
    }

    private async Task<List<string>> WriteAndKillAsync(int round, int after)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(SqliteDurabilityTests).Assembly.Location);
        }

        start.Environment[Marker] = $"{round};{_file.ConnectionString}";
        using var child = Process.Start(start)!;
        var answered = new List<string>();
        while (answered.Count < after)
        {
            answered.Add(await child.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The writer does not start."));
        }

        // In the midst of whatever it is at: SIGKILL.
        child.Kill();
        while (await child.StandardOutput.ReadLineAsync() is { } line)
        {
            answered.Add(line);
        }

        await child.WaitForExitAsync();
        return answered;
    }

#pragma warning disable CA2255 // An entry of its own, which the runner's entry leaves no other place for.
    [ModuleInitializer]
    internal static void WriteIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Marker) is { } order)
        {
            Write(order.Split(';')[0], order.Split(';')[1]);
        }
    }
#pragma warning restore CA2255

    // Nothing of this assembly may run on other threads: they would wait for the initializer.
    private static void Write(string round, string connection)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddApiGateway().AddEntityFrameworkConsumers(options => options.UseSqlite(connection));
        var store = (IConsumerRepository)services.BuildServiceProvider().GetServices<IConsumerStore>().Single();
        for (var number = 0; ; number++)
        {
            var id = $"{round}-{number}";
            store.CreateAsync(ConsumerRepositoryConformance.Full(id), default).AsTask().GetAwaiter().GetResult();
            Console.Out.WriteLine(id);
            Console.Out.Flush();
        }
    }
}
