namespace GatewayKit.Throttling.Sharing;

/// <summary>Whose share of which rate: hashes, so that values of headers and addresses do not leave the process.</summary>
/// <param name="Rate">What is limited where and how fast: another rate is another key, and starts full.</param>
/// <param name="High">The upper half of the partition key's hash; 0 for those that all requests share.</param>
/// <param name="Low">The lower half.</param>
public readonly record struct RateKey(ulong Rate, ulong High, ulong Low);
