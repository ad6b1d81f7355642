namespace GatewayKit.Throttling.Sharing;

/// <summary>A key of which the store is to be told.</summary>
/// <param name="View">Who knows of it.</param>
/// <param name="Key">What it is called there.</param>
/// <param name="StoreKey">What the store calls it.</param>
internal readonly record struct RateCommit(LocalView View, ThrottleKey Key, RateKey StoreKey);
