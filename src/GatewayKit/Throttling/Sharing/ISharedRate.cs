namespace GatewayKit.Throttling.Sharing;

/// <summary>A rate whose state an instance keeps as a store tells it.</summary>
/// <typeparam name="TState">The state.</typeparam>
internal interface ISharedRate<TState> : IRate<TState>
    where TState : unmanaged
{
    /// <summary>The state that says what a store has said.</summary>
    /// <param name="state">The state so far.</param>
    /// <param name="answer">What the store has said.</param>
    /// <param name="since">Units that were taken here of which the store does not know; below 0 if more came back.</param>
    /// <param name="now">The time.</param>
    TState Follow(in TState state, in RateAnswer answer, int since, long now);

    /// <summary>How many units the store can be told of before so much is owed that it counts no further, as far as this instance knows.</summary>
    /// <param name="state">The state.</param>
    /// <param name="since">Units in it of which the store does not know; below 0 if more came back.</param>
    /// <param name="now">The time.</param>
    int Room(in TState state, int since, long now);

    /// <summary>How many units have not come back by themselves, as far as this instance knows.</summary>
    /// <param name="state">The state.</param>
    /// <param name="now">The time.</param>
    long Out(in TState state, long now);

    /// <summary>What to remember of units that a store has just given, so that they can be given back there: until when it counts them as taken.</summary>
    /// <param name="answer">What the store has said.</param>
    /// <param name="asked">When it was asked, or earlier: what was on its way back meanwhile comes by itself.</param>
    long MarkOf(in RateAnswer answer, long asked);

    /// <summary>How many units may be given back: those that were taken and not used, as far as they have not come back by themselves.</summary>
    /// <param name="use">What was taken and used, no more than that.</param>
    /// <param name="now">The time.</param>
    int Left(in RateUse use, long now);

    /// <summary>How many units to ask a store for: as many as are known to be there, up to the batch, unless they would be void at once.</summary>
    int BatchFor(in TState state, long now, int cost, int batch, int instances);

    /// <summary>How long units that were taken ahead may be used: no longer than the store is short of all that are.</summary>
    /// <param name="answer">What the store said when it gave them.</param>
    /// <param name="ahead">Units that all instances hold at most.</param>
    long Lifetime(in RateAnswer answer, long ahead);
}
