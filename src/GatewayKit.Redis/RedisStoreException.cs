namespace GatewayKit.Redis;

/// <summary>
/// Redis gave no answer: it is not connected, took longer than <see cref="RedisOptions.Timeout"/>, or refused. What was asked may have been done all the same if it was a timeout.
/// While Redis is known to be away this comes at once.
/// </summary>
public sealed class RedisStoreException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">Why.</param>
    public RedisStoreException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>What may still come of a step that was sent.</summary>
    internal Task<long[]>? Late { get; init; }
}
