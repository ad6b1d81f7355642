namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>One line of the log of changes.</summary>
internal sealed class ChangeRow
{
    /// <summary>The number of the change: what <see cref="ClockRow"/> said in the transaction that made it.</summary>
    public long Sequence { get; set; }

    /// <summary>Different for each change that was ever made, so that a database that was put back to an earlier state is noticed.</summary>
    public Guid Stamp { get; set; }

    public required string ConsumerId { get; set; }

    public DateTimeOffset At { get; set; }
}
