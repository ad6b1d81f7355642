using GatewayKit.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace GatewayKit.Auditing.Journal;

/// <summary>A journal that a tool has open for a moment: no requests, no anchors, no log.</summary>
internal sealed class HostlessJournal : IAsyncDisposable
{
    private const int LeastInFlight = 16;

    // A tool does what it is told, and leaves the work of years to hosts.
    private static readonly TimeSpan Never = TimeSpan.FromDays(3_650);

    private readonly ServiceProvider _services;

    private HostlessJournal(AuditJournal journal, ServiceProvider services) => (Journal, _services) = (journal, services);

    /// <summary>The journal.</summary>
    public AuditJournal Journal { get; }

    /// <summary>Opens the journal of an instance, which begins a boot of it.</summary>
    /// <param name="directory">The directory of all instances.</param>
    /// <param name="alternateDirectory">The directory where the instance went on when its disk had failed.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="signingKeyFile">The key that signs; <see langword="null"/> for the one in the folder of the instance, which is made when it is not there.</param>
    /// <exception cref="IOException">It cannot be opened; perhaps another process has it.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public static HostlessJournal Open(string directory, string? alternateDirectory, string instance, string? signingKeyFile = null)
    {
        var options = new JournalOptions { Directory = directory, AlternateDirectory = alternateDirectory, Instance = instance, SigningKeyFile = signingKeyFile, MaxInFlight = LeastInFlight, CompressAfter = Never };
        var services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<JournalMetrics>().BuildServiceProvider();
        try
        {
            return new(AuditJournal.Open(Path.GetFullPath(directory), options, new(JournalFiles.Instance, TimeProvider.System, services.GetRequiredService<JournalMetrics>(), NullLogger.Instance)), services);
        }
        catch
        {
            services.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync().ConfigureAwait(false);
        await _services.DisposeAsync().ConfigureAwait(false);
    }
}
