using System.Globalization;
using System.Text;
using System.Text.Json;

namespace GatewayKit.Auditing.Reading;

/// <summary>Writes entries in one of the forms of an export.</summary>
internal abstract class EntryWriter(Stream output)
{
    protected Stream Output => output;

    public static EntryWriter Create(AuditExportFormat format, Stream output) => format switch
    {
        AuditExportFormat.JsonLines => new JsonLines(output),
        AuditExportFormat.Csv => new CsvWriter(output),
        AuditExportFormat.Ocsf => new OcsfWriter(output),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such form."),
    };

    /// <summary>Writes what stands in front of all entries.</summary>
    public virtual ValueTask BeginAsync(CancellationToken cancellationToken) => default;

    public abstract ValueTask WriteAsync(AuditEntry entry, CancellationToken cancellationToken);

    private sealed class JsonLines(Stream output) : EntryWriter(output)
    {
        public override async ValueTask WriteAsync(AuditEntry entry, CancellationToken cancellationToken)
        {
            foreach (var line in (AuditLine?[])[entry.Begin, entry.End])
            {
                if (line is not null)
                {
                    await Output.WriteAsync(Encoding.UTF8.GetBytes(line.ToRevealedText() + "\n"), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
