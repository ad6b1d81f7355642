namespace GatewayKit.JwtBearer;

/// <summary>Event ids of the log, within the range that identities have in the core.</summary>
internal static class EventIds
{
    public const int KeysFetched = 1930;
    public const int KeysNotFetched = 1931;
}
