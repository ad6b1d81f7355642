using System.CommandLine;
using System.Globalization;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Prints accesses, page by page.</summary>
internal static class QueryCommand
{
    public static Command Create()
    {
        var reading = new ReadingOption();
        var size = Values.Number("--page-size", "How many are printed, 1 to 10000.", 1, 10_000, 100);
        var cursor = new Option<string?>("--cursor") { Description = "Goes on where the page before ended, as it says on standard error." };
        var json = new Option<bool>("--json") { Description = "Prints the lines of the journal, the beginning of an access and behind it its end." };
        var command = new Command("query", "Prints accesses: instance by instance, in the order in which they ended. Recorded as audit.read.") { size, cursor, json };
        reading.AddTo(command, reveals: true);
        command.SetAction((parsed, cancellationToken) => reading.ReadAsync(
            parsed,
            async (log, query) =>
            {
                var page = await log.QueryAsync(query with { PageSize = (int)parsed.GetValue(size), Cursor = parsed.GetValue(cursor) }, cancellationToken).ConfigureAwait(false);
                foreach (var entry in page.Entries)
                {
                    Print(entry, parsed.GetValue(json));
                }

                if (page.Next is { } next)
                {
                    Console.Error.WriteLine($"There may be more: --cursor {next}");
                }

                ReadingOption.TellOfKeys(page.HasConcealed, page.Unread);
                return ExitCode.Fine;
            },
            cancellationToken));
        return command;
    }

    private static void Print(AuditEntry entry, bool asJson)
    {
        if (asJson)
        {
            foreach (var line in ((AuditLine?[])[entry.Begin, entry.End]).OfType<AuditLine>())
            {
                Console.WriteLine(line.ToRevealedText());
            }

            return;
        }

        var time = entry.Time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) ?? "-";
        Console.WriteLine(Plain(entry.Event is { } name
            ? $"{time}  {name}"
            : $"{time}  {entry.RequestId}  {entry.Consumer ?? "-"}  {entry.Route ?? "-"}  {entry.Text("m") ?? "-"} {entry.Text("path") ?? "-"}  {entry.Status?.ToString(CultureInfo.InvariantCulture) ?? "-"}  {entry.Outcome}"));
    }

    // What others wrote is not to move the cursor of a terminal.
    internal static string Plain(string text) => string.Concat(text.Select(static letter => char.IsControl(letter) ? '\uFFFD' : letter));
}
