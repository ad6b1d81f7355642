using System.Globalization;
using System.Text;

namespace GatewayKit.Auditing.Reading;

/// <summary>Writes entries as a table (RFC 4180) that no spreadsheet takes for formulas (OWASP: CSV injection).</summary>
internal sealed class CsvWriter(Stream output) : EntryWriter(output)
{
    private const string Formulas = "=+-@\t\r";

    private static readonly (string Name, Func<AuditEntry, string?> Value)[] Columns =
    [
        ("time", static entry => entry.Time?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        ("event", static entry => entry.Event ?? "access"),
        ("instance", static entry => entry.Instance),
        ("boot", static entry => entry.Boot.ToString("D")),
        ("sequence", static entry => Text((entry.Begin ?? entry.End)?.Sequence)),
        ("request_id", static entry => entry.RequestId),
        ("trace_id", static entry => entry.Text("trace")),
        ("consumer", static entry => entry.Consumer),
        ("credential", static entry => entry.Text("keyId")),
        ("route", static entry => entry.Route),
        ("method", static entry => entry.Text("m")),
        ("host", static entry => entry.Text("host")),
        ("path", static entry => entry.Text("path")),
        ("source", static entry => entry.Text("src")),
        ("status", static entry => Text(entry.Status)),
        ("outcome", static entry => entry.Outcome),
        ("error", static entry => entry.Text("err")),
        ("duration_us", static entry => Text(entry.Number("dur_us"))),
        ("bytes_in", static entry => Text(entry.Number("bin"))),
        ("bytes_out", static entry => Text(entry.Number("bout"))),
        ("peer", static entry => entry.Text("peer")),
    ];

    public override ValueTask BeginAsync(CancellationToken cancellationToken) => WriteAsync(Columns.Select(static column => column.Name), cancellationToken);

    public override ValueTask WriteAsync(AuditEntry entry, CancellationToken cancellationToken) => WriteAsync(Columns.Select(column => Cell(column.Value(entry))), cancellationToken);

    /// <summary>A cell as it stands in the table.</summary>
    public static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return string.Empty;
        }

        var safe = Formulas.Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;

        // Where the comma is in numbers, spreadsheets separate by semicolons.
        return safe.AsSpan().ContainsAny(",;\"\r\n") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private ValueTask WriteAsync(IEnumerable<string> cells, CancellationToken cancellationToken) => Output.WriteAsync(Encoding.UTF8.GetBytes(string.Join(',', cells) + "\r\n"), cancellationToken);

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
