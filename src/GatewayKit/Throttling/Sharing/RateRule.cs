namespace GatewayKit.Throttling.Sharing;

/// <summary>What a store decides by: the numbers of a <see cref="ThrottlePolicy"/>. Immutable, with value equality.</summary>
/// <param name="Algorithm">How it is counted.</param>
/// <param name="Limit">Units in each window.</param>
/// <param name="Window">The time that is counted over.</param>
/// <param name="Burst">Units that may be taken at once; of a sliding window all of <paramref name="Limit"/>.</param>
public sealed record RateRule(RateAlgorithm Algorithm, double Limit, TimeSpan Window, int Burst);
