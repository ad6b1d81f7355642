namespace GatewayKit.Throttling.Sharing;

/// <summary>Units that were taken from a store ahead.</summary>
/// <param name="Units">Those that are left.</param>
/// <param name="Until">When they are void; 0 if there was never a lease.</param>
/// <param name="StoreKey">Where they were taken.</param>
internal readonly record struct Lease(int Units, long Until, RateKey StoreKey);
