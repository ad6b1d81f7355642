using System.Globalization;
using GatewayKit.EntityFrameworkCore.Rows;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>How far the log of changes was read: the number of the last change, and its stamp, by which a database that was put back to an earlier state is noticed.</summary>
internal readonly record struct ChangeCursor(long Sequence, Guid Stamp)
{
    /// <summary>Before the first change.</summary>
    public static ChangeCursor Start => default;

    public static ChangeCursor Of(ChangeRow row) => new(row.Sequence, row.Stamp);

    public static ChangeCursor? TryParse(string text) =>
        text.Split('.') is [var sequence, var stamp]
        && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Guid.TryParseExact(stamp, "N", out var guid)
            ? new(number, guid)
            : null;

    /// <summary>Whether the log still begins with the change that the cursor is at, so that all that follows is known.</summary>
    public bool IsAtHeadOf(IReadOnlyList<ChangeRow> rows) => Sequence == 0 || (rows.Count > 0 && Of(rows[0]) == this);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sequence}.{Stamp:N}");
}
