namespace GatewayKit.Pipeline;

/// <summary>What came of an attempt at a destination, for records.</summary>
/// <param name="Status">The status that the destination answered with; <see langword="null"/> if it did not.</param>
/// <param name="Failure">Why it failed; <see langword="null"/> if it did not.</param>
/// <param name="Time">The time until the head of the answer was there, or until it failed.</param>
/// <param name="RequestBytes">Bytes of the request's body that were sent.</param>
/// <param name="ResponseBytes">Bytes of the answer's body that came.</param>
/// <param name="IsCut">Whether the client has seen its answer, or its tunnel, begin and break off.</param>
internal readonly record struct AttemptRecord(int? Status, RejectionReason? Failure, TimeSpan Time, long RequestBytes, long ResponseBytes, bool IsCut);
