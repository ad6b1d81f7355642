namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>
/// The one row that counts changes. Every transaction that changes something counts it up first, and so holds it until it is over: numbers become visible in their order, and whoever
/// has read one has read all before it. A sequence of the database would hand out 7 and 8 and show 8 first, and a reader who has seen 8 would never ask for 7.
/// </summary>
internal sealed class ClockRow
{
    public const int OnlyId = 1;

    public int Id { get; set; }

    public long Value { get; set; }
}
