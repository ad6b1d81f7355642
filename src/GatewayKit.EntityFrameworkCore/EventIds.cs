namespace GatewayKit.EntityFrameworkCore;

/// <summary>Event ids of the log, in the hundred of the gateway's identity.</summary>
internal static class EventIds
{
    public const int MigrationFailed = 1990;
    public const int MigrationDone = 1991;
    public const int ConsumerUnreadable = 1992;
}
