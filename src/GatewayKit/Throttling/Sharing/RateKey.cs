namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// Whose share of which rate: hashes, the same in all instances. What they are made of can be guessed, so a store outside of the process hashes them once more, with a secret that all instances share.
/// </summary>
/// <param name="Rate">What is limited where and how fast: another rate is another key, and starts full.</param>
/// <param name="High">The upper half of the partition key's hash; 0 for those that all requests share.</param>
/// <param name="Low">The lower half.</param>
public readonly record struct RateKey(ulong Rate, ulong High, ulong Low);
