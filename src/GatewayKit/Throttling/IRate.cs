namespace GatewayKit.Throttling;

/// <summary>
/// An algorithm over the state of one allowance. Pure: the caller brings state and time, times and spans are in units of <see cref="ThrottleClock"/>. Implemented by structs, so that what
/// is generic over them is compiled for each.
/// </summary>
/// <typeparam name="TState">The state. Its default is that of an allowance that nobody has used.</typeparam>
internal interface IRate<TState>
    where TState : unmanaged
{
    /// <summary>Takes units of an allowance, or none.</summary>
    /// <param name="state">The state.</param>
    /// <param name="now">The time.</param>
    /// <param name="cost">Units, 0 to what a full allowance holds; more can never be taken and is the caller's to refuse.</param>
    /// <param name="next">The state afterwards: that before if nothing was taken.</param>
    /// <param name="wait">If refused, the time until the same cost can be taken; if taken, the time until the request may go on.</param>
    bool TryTake(in TState state, long now, int cost, out TState next, out long wait);

    /// <summary>Gives back units as far as they have not come back by themselves, so that nobody gets them twice.</summary>
    /// <param name="state">The state.</param>
    /// <param name="cost">Units that were taken.</param>
    /// <param name="now">The time.</param>
    /// <param name="since">When the request went on that had taken them, or earlier; after <paramref name="now"/> if it still waits.</param>
    /// <returns>The state afterwards, which is not the default.</returns>
    TState Return(in TState state, int cost, long now, long since);

    /// <summary>Whole units that are left.</summary>
    /// <param name="state">The state.</param>
    /// <param name="now">The time.</param>
    /// <param name="next">Time until there is one more; 0 if all are there.</param>
    int Remaining(in TState state, long now, out long next);

    /// <summary>Whether anybody has used the allowance, ever.</summary>
    bool IsUsed(in TState state);

    /// <summary>Whether the allowance is as one that nobody has used.</summary>
    bool IsFull(in TState state, long now);
}
