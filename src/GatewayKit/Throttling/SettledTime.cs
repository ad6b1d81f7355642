namespace GatewayKit.Throttling;

/// <summary>The state of a <see cref="SettlingGcra"/>: 16 bytes.</summary>
/// <param name="FullAt">When the allowance is full; 0 if nobody has used it.</param>
/// <param name="Credited">All that was ever given back. It only grows, and wraps.</param>
internal readonly record struct SettledTime(long FullAt, long Credited);
