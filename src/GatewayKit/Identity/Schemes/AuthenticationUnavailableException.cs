namespace GatewayKit.Identity.Schemes;

/// <summary>
/// A credential could not be checked, because what knows about it did not answer. A handler of the host throws it, or fails with it, to have the request answered 503
/// <c>auth-unavailable</c> in place of 401: the credential may be good.
/// </summary>
public sealed class AuthenticationUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public AuthenticationUnavailableException()
        : this("What knows about the credential did not answer.")
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">What did not answer, for the log; never anything of the credential.</param>
    /// <param name="innerException">Why.</param>
    public AuthenticationUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
