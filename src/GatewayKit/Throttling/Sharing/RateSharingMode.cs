namespace GatewayKit.Throttling.Sharing;

/// <summary>The ways of <see cref="RateSharing"/>.</summary>
internal enum RateSharingMode
{
    Local,
    Synchronous,
    Asynchronous,
    Leased,
}
