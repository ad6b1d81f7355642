using System.CommandLine;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Writes accesses for other programs.</summary>
internal static class ExportCommand
{
    private static readonly Dictionary<string, AuditExportFormat> Formats = new() { ["jsonl"] = AuditExportFormat.JsonLines, ["csv"] = AuditExportFormat.Csv, ["ocsf"] = AuditExportFormat.Ocsf };

    public static Command Create()
    {
        var reading = new ReadingOption();
        var format = Values.Word("--format", "How it is written:", "jsonl", Formats.Keys);
        var output = new Option<string?>("--output", "-o") { Description = "A file that does not exist yet. Default: standard output." };
        var proofs = new Option<string?>("--proofs") { Description = "A folder for a bundle of proofs: each line, its checkpoint and keys, and how to verify them." };
        var command = new Command("export", "Writes all accesses that are asked for. Recorded as audit.exported.") { format, output, proofs };
        reading.AddTo(command, reveals: true);
        command.SetAction((parsed, cancellationToken) => reading.ReadAsync(
            parsed,
            async (log, query) =>
            {
                var stream = parsed.GetValue(output) is { } file ? Create(file) : Console.OpenStandardOutput();
                await using (stream.ConfigureAwait(false))
                {
                    var done = await log.ExportAsync(query, Formats[parsed.GetValue(format)!], stream, parsed.GetValue(proofs), new ErrorOutput(), cancellationToken).ConfigureAwait(false);
                    Console.Error.WriteLine($"{Amount.Of(done.Entries, "entry", "entries")}{(parsed.GetValue(proofs) is null ? string.Empty : $", {Amount.Of(done.Proofs, "line")} proved, {done.Unproved} without a checkpoint yet")}");
                    ReadingOption.TellOfKeys(done.HasConcealed, done.Unread);
                    return ExitCode.Fine;
                }
            },
            cancellationToken));
        return command;
    }

    // No more people may read it than the journal.
    private static FileStream Create(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        }

        return new(file, options);
    }

    private sealed class ErrorOutput : IProgress<long>
    {
        private const long Told = 1_000_000;

        public void Report(long value)
        {
            if (value % Told is 0)
            {
                Console.Error.WriteLine($"{value} entries");
            }
        }
    }
}
