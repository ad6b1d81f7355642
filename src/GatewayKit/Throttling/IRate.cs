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
    /// <param name="maxWait">How long the request may wait for what it takes ahead of time. Without effect where there are no turns.</param>
    bool TryTake(in TState state, long now, int cost, out TState next, out long wait, long maxWait = 0);

    /// <summary>
    /// Corrects what was taken to what was used. Too much comes back as far as it has not come back by itself, so that nobody gets it twice. Too little is owed whether there is room or
    /// not, up to what a full allowance holds.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="use">What was taken and used.</param>
    /// <param name="now">The time.</param>
    /// <returns>The state afterwards, which is not the default.</returns>
    TState Settle(in TState state, in RateUse use, long now);

    /// <summary>What to remember of a request that has just taken units, so that it can be settled exactly.</summary>
    /// <param name="state">The state after it.</param>
    long MarkOf(in TState state);

    /// <summary>What the allowance of a new key begins with after others were dropped because they were full.</summary>
    /// <param name="fresh">What it began with so far; the default at first. Nobody has used it.</param>
    /// <param name="dropped">The state of a full one.</param>
    TState Forget(in TState fresh, in TState dropped);

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
