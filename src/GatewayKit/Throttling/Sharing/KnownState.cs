namespace GatewayKit.Throttling.Sharing;

/// <summary>What an instance knows of one allowance that several share.</summary>
/// <param name="State">How it stands, as far as this instance knows.</param>
/// <param name="Pending">Units of it that the store does not know of; below 0 if more came back.</param>
/// <param name="HeardAt">When the store has told how it stands; 0 if it never has.</param>
/// <param name="IsQueued">Whether it will be told.</param>
internal readonly record struct KnownState<TState>(TState State, int Pending, long HeardAt, bool IsQueued)
    where TState : unmanaged;
