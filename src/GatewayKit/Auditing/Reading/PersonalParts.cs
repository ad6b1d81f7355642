using System.Text;
using GatewayKit.Auditing.Personal;

namespace GatewayKit.Auditing.Reading;

/// <summary>Reads the personal parts of entries, if somebody asks for it. Not thread-safe.</summary>
/// <param name="data">Who has the keys; <see langword="null"/> if nobody asks for it.</param>
internal sealed class PersonalParts(AuditPersonalData? data)
{
    /// <summary>How many could not be read.</summary>
    public long Unread { get; private set; }

    /// <summary>The entry with what can be read of its personal parts.</summary>
    public async ValueTask<AuditEntry> RevealAsync(AuditEntry entry, CancellationToken cancellationToken) =>
        data is null ? entry : entry with
        {
            Begin = await RevealAsync(entry.Begin, entry.Boot, cancellationToken).ConfigureAwait(false),
            End = await RevealAsync(entry.End, entry.Boot, cancellationToken).ConfigureAwait(false),
        };

    private async ValueTask<AuditLine?> RevealAsync(AuditLine? line, Guid boot, CancellationToken cancellationToken)
    {
        if (line is null || LineFields.Text(Encoding.UTF8.GetBytes(line.Text), ",\"pk\":\""u8).IsEmpty)
        {
            return line;
        }

        try
        {
            if (await data!.ReadAsync(line.Text, boot, cancellationToken).ConfigureAwait(false) is { } personal)
            {
                return line with { Personal = personal };
            }
        }
        catch (InvalidDataException)
        {
            // A verification finds what was changed; a query goes on.
        }

        Unread++;
        return line;
    }
}
