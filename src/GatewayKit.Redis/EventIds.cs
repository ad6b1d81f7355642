namespace GatewayKit.Redis;

/// <summary>Event ids of the log, in the hundred of the gateway's throttling.</summary>
internal static class EventIds
{
    public const int RedisUp = 1580;
    public const int RedisDown = 1581;
    public const int RedisSecretChanged = 1582;
}
