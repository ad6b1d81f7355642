namespace GatewayKit.Resilience;

/// <summary>A circuit has changed its state.</summary>
/// <param name="From">What it was.</param>
/// <param name="To">What it is.</param>
/// <param name="Reason">Why, as a code.</param>
/// <param name="Samples">How many results led to it.</param>
/// <param name="Failures">How many of them were failures, or slow where slowness led to it.</param>
/// <param name="OpenFor">How long it stays open; zero if it is not.</param>
internal readonly record struct CircuitChange(CircuitState From, CircuitState To, string Reason, int Samples, int Failures, TimeSpan OpenFor = default);
