namespace GatewayKit.Throttling;

/// <summary>What a request took, and what it has used.</summary>
/// <param name="Reserved">Units that it took.</param>
/// <param name="Actual">Units that it has used: 0 if it was not served, and all of it comes back.</param>
/// <param name="Since">When it went on, or earlier; in the future if it still waits.</param>
/// <param name="Mark">What the algorithm noted when it took them, see <see cref="RateDecision.Mark"/>; 0 if nobody remembers.</param>
/// <param name="IsOverflow">Whether it took them from the allowance that keys without room share.</param>
internal readonly record struct RateUse(int Reserved, long Actual, long Since, long Mark = 0, bool IsOverflow = false);
