using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>A process that records until it is killed, and tells through a pipe what it was told to be recorded: this assembly, told so by its environment before its tests could begin.</summary>
internal static class JournalChild
{
    private const string DirectoryVariable = "GATEWAYKIT_JOURNAL_CHILD_DIRECTORY";
    private const string ModeVariable = "GATEWAYKIT_JOURNAL_CHILD_MODE";

    /// <summary>What a starved one is told to do in place of a delivery.</summary>
    private const string Starved = nameof(Starved);

    /// <summary>How many requests a starved one records.</summary>
    public const int StarvedRequests = 4_100;

    /// <summary>What a starved one says if all went as it has to.</summary>
    public const string StarvedWell = "recorded and signed, and the pool did nothing";

    /// <summary>Starts one that records until it is killed.</summary>
    public static Process Start(string directory, AuditDelivery delivery) => Start(directory, delivery.ToString());

    /// <summary>Starts one that records while every thread of its pool waits, and ends.</summary>
    public static Process StartStarved(string directory) => Start(directory, Starved);

    private static Process Start(string directory, string mode)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(JournalChild).Assembly.Location);
        }

        start.Environment[DirectoryVariable] = directory;
        start.Environment[ModeVariable] = mode;
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start)!;
    }

#pragma warning disable CA2255 // An entry of its own, which the runner's entry leaves no other place for.
    [ModuleInitializer]
    internal static void RecordIfAsked()
    {
        if (Environment.GetEnvironmentVariable(DirectoryVariable) is { } directory)
        {
            var mode = Environment.GetEnvironmentVariable(ModeVariable)!;
            if (mode is Starved)
            {
                Environment.Exit(RecordStarved(directory));
            }

            Record(directory, Enum.Parse<AuditDelivery>(mode));
        }
    }
#pragma warning restore CA2255

    private static AuditJournal Open(string directory, TimeProvider time, int maxInFlight)
    {
        var services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<JournalMetrics>().BuildServiceProvider();
        return AuditJournal.Open(
            directory, new() { Instance = "one", MaxInFlight = maxInFlight },
            new(JournalFiles.Instance, time, services.GetRequiredService<JournalMetrics>(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));
    }

    private static int RecordStarved(string directory)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var journal = Open(directory, time, 2 * StarvedRequests);
        using var gate = new ManualResetEventSlim();
        ThreadPool.GetMinThreads(out var threads, out var ports);
        ThreadPool.SetMaxThreads(threads, ports);

        // Methods of the framework: code of this assembly runs on no other thread while its initializer has not returned.
        var blocked = Enumerable.Range(0, threads).Select(_ => Task.Run(gate.Wait)).ToArray();
        var waits = Task.Run(gate.Wait);
        if (!SpinWait.SpinUntil(() => blocked.All(static task => task.Status is TaskStatus.Running), TimeSpan.FromSeconds(60)))
        {
            return Say("the pool is not starved");
        }

        // The last one waits for the disk, the others for the operating system. Answers come by the pool where somebody waits for them, what they are about does not.
#pragma warning disable CA2012
        var committed = Enumerable.Range(0, StarvedRequests).Select(number => journal.BeginAsync($"{number}", number is StarvedRequests - 1 ? AuditDelivery.Strict : AuditDelivery.Guaranteed)).ToArray();
        if (!SpinWait.SpinUntil(() => journal is { QueuedLines: 0, UnsyncedBytes: 0 }, TimeSpan.FromSeconds(60)))
        {
            return Say("not recorded");
        }

        var checkpoints = Path.Combine(directory, "one", journal.Boot.ToString(), "00000001.ck");
        for (var count = 1; count <= 3; count++)
        {
            // Every 4,096 lines, and every ten seconds.
            if (!SpinWait.SpinUntil(() => File.Exists(checkpoints) && File.ReadAllLines(checkpoints).Length >= count, TimeSpan.FromSeconds(60)))
            {
                return Say($"not signed {count} times");
            }

            time.Advance(TimeSpan.FromSeconds(10));
            journal.Wake();
        }

        if (waits.Status is not TaskStatus.WaitingToRun || journal.State is not JournalState.Running || committed[^1].IsCompleted)
        {
            return Say("the pool works");
        }

        gate.Set();
        return Say(SpinWait.SpinUntil(() => committed.All(static one => one.IsCompleted), TimeSpan.FromSeconds(60)) && committed.All(static one => one.Result) ? StarvedWell : "not answered");
#pragma warning restore CA2012
    }

    private static int Say(string what)
    {
        Console.WriteLine(what);
        return 0;
    }

    // By one thread: code of this assembly runs on no other one while its initializer has not returned.
    private static void Record(string directory, AuditDelivery delivery)
    {
        var journal = Open(directory, TimeProvider.System, maxInFlight: 256);
        var output = Console.OpenStandardOutput();
        var run = Guid.NewGuid().ToString("N")[..8];
        var begun = new Queue<(string Id, Task<bool> Committed)>();
        for (var i = 0; ; i++)
        {
            var id = $"{run}-{i}";
            begun.Enqueue((id, journal.BeginAsync(id, delivery).AsTask()));
            while (begun.Count is 32 || (begun.TryPeek(out var next) && next.Committed.IsCompleted))
            {
                var (done, committed) = begun.Dequeue();
                if (committed.GetAwaiter().GetResult())
                {
                    // One write of a few bytes into a pipe is whole.
                    output.Write(Encoding.ASCII.GetBytes(done + "\n"));
                    journal.End(done, delivery);
                }
            }
        }
    }
}
