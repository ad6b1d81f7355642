namespace GatewayKit.Throttling.Sharing;

/// <summary>
/// Where rates are counted that several instances of a gateway share. One in DI is used by throttles that ask for it. Implementations are safe for concurrent use, and each call is
/// one atomic step by one clock, the store's own: two gateways that share a store never admit more than the rate allows. A call that gets no answer throws, at once if the store knows that it is down;
/// what was asked may have been done all the same.
/// </summary>
public interface IRateStore
{
    /// <summary>How many instances share it as far as it knows, at least 1: among so many a rate is divided while it does not answer. Default 1.</summary>
    int Instances => 1;

    /// <summary>Takes units of a rate, or none. What is refused changes nothing.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="rule">The rate. Another rule is another key's business: a store may take it that a key always comes with the same.</param>
    /// <param name="cost">Units, 0 to <see cref="RateRule.Burst"/>; 0 asks and takes nothing.</param>
    /// <param name="cancellationToken">Canceled when nobody wants to know any more.</param>
    ValueTask<RateAnswer> TakeAsync(RateKey key, RateRule rule, long cost, CancellationToken cancellationToken);

    /// <summary>
    /// Notes units that were taken elsewhere, whether there is room or not, or gives some back that were not used. Not more comes back than is out, and nobody owes more than another
    /// <see cref="RateRule.Burst"/>; what is beyond that is told by <see cref="RateAnswer.Uncounted"/>.
    /// </summary>
    /// <param name="key">Whose.</param>
    /// <param name="rule">The rate.</param>
    /// <param name="units">Units; below 0 they are given back.</param>
    /// <param name="cancellationToken">Canceled when nobody wants to know any more.</param>
    /// <returns>How the rate stands afterwards.</returns>
    ValueTask<RateAnswer> AddAsync(RateKey key, RateRule rule, long units, CancellationToken cancellationToken);
}
