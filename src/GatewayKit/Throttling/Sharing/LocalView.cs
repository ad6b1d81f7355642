using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Sharing;

/// <summary>What this instance knows of the allowances of a rate that several share. Safe to use from any thread.</summary>
internal abstract class LocalView
{
    /// <summary>The rate.</summary>
    public abstract RateRule Rule { get; }

    /// <summary>What tells the allowance of a request from others in this process.</summary>
    public abstract ThrottleKey KeyOf(HttpContext httpContext);

    /// <summary>What the store calls it, the same in all instances.</summary>
    public abstract RateKey StoreKeyOf(HttpContext httpContext, ThrottleKey key);

    /// <summary>Decides by what is known. What is taken will be told to the store.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="key">Its key.</param>
    /// <param name="cost">Units, 0 to what a full allowance holds.</param>
    /// <param name="instances">Among how many the rate is divided: each unit counts so often.</param>
    public abstract RateDecision Take(HttpContext httpContext, ThrottleKey key, int cost, int instances = 1);

    /// <summary>Corrects what a request took, here and, in time, in the store.</summary>
    /// <returns>How the allowance stands, if it is known.</returns>
    public abstract RateDecision Settle(HttpContext httpContext, ThrottleKey key, in RateUse use);

    /// <summary>Corrects what was taken in the store, which does not know of it: here at once, and there in time.</summary>
    /// <param name="commit">What it is to be told.</param>
    /// <param name="units">Units by which more was taken; below 0 they are given back.</param>
    public abstract void Correct(in RateCommit commit, long units);

    /// <summary>As <see cref="Correct"/>, but for telling the store.</summary>
    /// <returns>Whether that is the caller's to do: it does not wait for it already.</returns>
    public abstract bool Note(in RateCommit commit, long units);

    /// <summary>Units by which the store has to correct what a request took there; below 0 if they are given back.</summary>
    public abstract long CorrectionOf(in RateUse use);

    /// <summary>Takes over how an allowance stands.</summary>
    /// <param name="key">The key.</param>
    /// <param name="storeKey">What the store calls it.</param>
    /// <param name="answer">What it has said.</param>
    /// <param name="asked">When it was asked.</param>
    /// <returns>The answer as a decision.</returns>
    public abstract RateDecision Follow(ThrottleKey key, RateKey storeKey, in RateAnswer answer, long asked);

    /// <summary>What a request is told that was served from what was taken ahead.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="more">Units that are left of that.</param>
    /// <param name="mark">What is remembered to settle it.</param>
    public abstract RateDecision Describe(ThrottleKey key, int more, long mark);

    /// <summary>Whether those share the allowance who cannot be told apart, or for whom there is no room.</summary>
    public abstract bool IsCommon(ThrottleKey key);

    /// <summary>What the store has still to be told of an allowance. Nothing is taken.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>Units that it will find gone, below 0; and the time until there is one more, as far as this instance knows.</returns>
    public abstract (long More, long Next) Untold(ThrottleKey key);

    /// <summary>How many units to ask for.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cost">Units that are needed.</param>
    /// <param name="batch">Units that may be taken ahead by each instance.</param>
    /// <param name="instances">How many instances there are.</param>
    public abstract int BatchFor(ThrottleKey key, int cost, int batch, int instances);

    /// <inheritdoc cref="ISharedRate{TState}.Lifetime"/>
    public abstract long LifetimeOf(in RateAnswer answer, long ahead);

    /// <summary>Begins to tell the store of a key.</summary>
    /// <returns>Units that it does not know of.</returns>
    public abstract int BeginCommit(ThrottleKey key);

    /// <summary>Takes over what the store has answered when it was told.</summary>
    /// <param name="commit">What it was told.</param>
    /// <param name="units">Units that it was told of.</param>
    /// <param name="answer">What it has said.</param>
    public abstract void EndCommit(in RateCommit commit, int units, in RateAnswer answer);

    /// <summary>Notes that the store did not answer.</summary>
    /// <param name="commit">What it was to be told.</param>
    /// <param name="units">Units that it still does not know of.</param>
    public abstract void FailCommit(in RateCommit commit, long units);
}
