using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using GatewayKit.Throttling.Quotas;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Tests.Throttling.Quotas;

/// <summary>A process that counts until it is killed: this assembly, told so by its environment before its tests could begin.</summary>
internal static class QuotaChild
{
    public const string ProgressFile = "progress";

    private const string DirectoryVariable = "GATEWAYKIT_QUOTA_CHILD_DIRECTORY";
    private const string IntervalVariable = "GATEWAYKIT_QUOTA_CHILD_INTERVAL";

    public static QuotaKey Key => new(5, 6, 7);

    public static QuotaRule Rule { get; } = new(new LifetimeWindow(), Limit: 1_000_000_000_000, MaxOverage: 0, WarnAtPercent: 80);

    public static Process Start(string directory, TimeSpan interval)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(QuotaChild).Assembly.Location);
        }

        start.Environment[DirectoryVariable] = directory;
        start.Environment[IntervalVariable] = interval.ToString("c", CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

#pragma warning disable CA2255 // An entry of its own, which the runner's entry leaves no other place for.
    [ModuleInitializer]
    internal static void CountIfAsked()
    {
        if (Environment.GetEnvironmentVariable(DirectoryVariable) is { } directory)
        {
            Count(directory, TimeSpan.Parse(Environment.GetEnvironmentVariable(IntervalVariable)!, CultureInfo.InvariantCulture));
        }
    }
#pragma warning restore CA2255

    private static void Count(string directory, TimeSpan interval)
    {
        using var store = new FileQuotaStore(directory, new() { CommitInterval = interval }, TimeProvider.System, NullLogger<FileQuotaStore>.Instance);
        using var progress = File.OpenHandle(Path.Combine(directory, ProgressFile), FileMode.Create, FileAccess.Write, FileShare.Read);
        Span<byte> line = stackalloc byte[16];
        for (var i = 0L; ; i++)
        {
            var answer = store.ReserveAsync(Key, Rule, 1, TimeSpan.FromMinutes(1), default).AsTask().GetAwaiter().GetResult();

            // In the cache of the operating system, which outlives the process.
            BinaryPrimitives.WriteInt64LittleEndian(line, answer.Used);
            BinaryPrimitives.WriteInt64LittleEndian(line[8..], TimeProvider.System.GetUtcNow().UtcTicks);
            RandomAccess.Write(progress, line, i * line.Length);
        }
    }
}
