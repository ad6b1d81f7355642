namespace GatewayKit.Throttling.Quotas;

/// <summary>
/// A store waits no longer for its own answer to a reservation. The request is counted as while the store fails; what the answer has taken when it comes after all is given back.
/// </summary>
public sealed class QuotaStoreLateException : TimeoutException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="answer">The answer, or why there is none. Its failure need not be observed by anybody else.</param>
    /// <param name="innerException">Why.</param>
    public QuotaStoreLateException(string message, Task<QuotaAnswer> answer, Exception? innerException = null)
        : base(message, innerException)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Answer = answer.Observed();
    }

    /// <summary>The answer, or why there is none.</summary>
    public Task<QuotaAnswer> Answer { get; }
}
