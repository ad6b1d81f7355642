namespace GatewayKit.Throttling;

/// <summary>The state of a <see cref="SlidingWindow"/>: 12 bytes.</summary>
/// <param name="Window">The number of the window, from 1; 0 if nothing was ever counted.</param>
/// <param name="Current">Units taken in it.</param>
/// <param name="Previous">Units taken in the one before.</param>
internal readonly record struct WindowCount(int Window, int Current, int Previous);
