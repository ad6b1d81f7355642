using System.Globalization;

namespace GatewayKit.Auditing.Reading;

/// <summary>Where a page ended: after what, and from which segment on one has to read so that nothing under way then is missed.</summary>
/// <param name="Instance">The instance.</param>
/// <param name="Boot">The boot.</param>
/// <param name="Segment">The segment in which the oldest request began that was under way.</param>
/// <param name="IsRest">Whether the ends of the boot were told, and those without one are.</param>
/// <param name="Sequence">The number of the last line that was told.</param>
internal readonly record struct AuditCursor(string Instance, Guid Boot, int Segment, bool IsRest, long Sequence)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Instance}:{Boot:N}:{Segment}:{(IsRest ? "r" : "e")}{Sequence}");

    /// <exception cref="FormatException">It is none that a page had.</exception>
    public static AuditCursor Parse(string text) =>
        text.Split(':') is [var instance, var boot, var segment, ['r' or 'e', ..] last]
        && Guid.TryParseExact(boot, "N", out var id)
        && int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(last.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? new(instance, id, number, last[0] is 'r', sequence)
            : throw new FormatException($"'{text}' is no cursor: it has to be what the page before said.");

    /// <summary>Whether something was told by then.</summary>
    public bool Includes(bool isRest, long sequence) => IsRest ? !isRest || sequence <= Sequence : !isRest && sequence <= Sequence;
}
