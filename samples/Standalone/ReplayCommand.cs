using GatewayKit;
using GatewayKit.Auditing.Reading;
using GatewayKit.Configuration;
using GatewayKit.Throttling.Replay;

namespace Standalone;

/// <summary>Says what the limits of a configuration, or of two, would have made of recorded requests.</summary>
internal static class ReplayCommand
{
    private const string StandardInput = "-";

    // A broken file has one in every line; the report has their number.
    private const int MaxMalformedLines = 100;

    /// <returns>The exit code; what is wrong with a configuration is on standard error.</returns>
    /// <exception cref="InvalidDataException">A configuration cannot be read.</exception>
    /// <exception cref="IOException">Records cannot be read, or it cannot be recorded that a journal is.</exception>
    /// <exception cref="ArgumentException">The name of the reader is none.</exception>
    public static async Task<int> RunAsync(CommandLine line)
    {
        var (first, second) = (SectionOf(line.Config), line.Against is { } other ? SectionOf(other) : null);
        string[] errors = [.. await ErrorsOfAsync(line.Config, first), .. line.Against is null ? [] : await ErrorsOfAsync(line.Against, second!)];
        if (errors.Length > 0)
        {
            Array.ForEach(errors, Console.Error.WriteLine);
            return ExitCode.BadConfiguration;
        }

        foreach (var journal in line.Unrecorded ? [] : line.Replay.Where(Directory.Exists))
        {
            await RecordAsync(journal, line.ReadAs ?? CurrentUser.ReaderName);
        }

        await ReplayAsync(line, first, second);
        return ExitCode.Fine;
    }

    // Before it is read: what cannot be recorded is not read.
    private static async Task RecordAsync(string journal, string name)
    {
        await using var reader = AuditReader.Open(journal, name);
        await reader.RecordReadAsync(new(), "replay");
    }

    private static async Task ReplayAsync(CommandLine line, IConfigurationSection first, IConfigurationSection? second)
    {
        var streams = new List<Stream>();
        try
        {
            var told = 0;
            var records = AccessLog.Merge([.. line.Replay.Select(RecordsOf)]);
            var options = new LimitReplayOptions
            {
                MaxDisorder = TimeSpan.FromSeconds(line.MaxDisorder),
                OnlyServed = line.ServedOnly,
                TopKeys = line.Top,
                Redact = line.Redact,
            };
            Console.WriteLine(second is null
                ? Write(await LimitReplay.RunAsync(first, records, options), line.Json)
                : Write(await LimitReplay.CompareAsync(first, second, records, options), line.Json));

            // A directory is an audit journal.
            IAsyncEnumerable<AccessRecord> RecordsOf(string source)
            {
                if (Directory.Exists(source))
                {
                    return new JournalAccesses(new AuditLog(source));
                }

                streams.Add(source == StandardInput ? Console.OpenStandardInput() : File.OpenRead(source));
                return new AccessLog(streams[^1], source) { OnMalformed = Tell };
            }

            void Tell(MalformedLine malformed)
            {
                if (++told <= MaxMalformedLines)
                {
                    Console.Error.WriteLine(told < MaxMalformedLines ? malformed : $"{malformed}; further lines are counted only.");
                }
            }
        }
        finally
        {
            streams.ForEach(static stream => stream.Dispose());
        }
    }

    // Of two files both are told, and which is which.
    private static async Task<IEnumerable<string>> ErrorsOfAsync(string file, IConfigurationSection section)
    {
        try
        {
            await LimitReplay.RunAsync(section, AccessLog.Merge());
            return [];
        }
        catch (GatewayConfigurationException exception)
        {
            return exception.Errors.Select(error => $"{file}: {error}");
        }
    }

    private static string Write(ReplayReport report, bool asJson) => asJson ? report.ToJson() : report.ToString();

    private static string Write(ReplayComparison comparison, bool asJson) => asJson ? comparison.ToJson() : comparison.ToString();

    // The environment's variables may override a value of the file, as they do when it is served.
    private static IConfigurationSection SectionOf(string file)
    {
        try
        {
            var configuration = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false).AddEnvironmentVariables().Build();
            return GatewayHost.RequiredSection(configuration, file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }
}
