namespace GatewayKit.Throttling.Sharing;

/// <summary>What is done with the state of one key while nobody else touches it.</summary>
internal interface IRateStep<TState>
{
    /// <param name="state">The state; its default if nobody has used the key.</param>
    /// <param name="now">The time.</param>
    void Run(ref TState state, long now);
}
