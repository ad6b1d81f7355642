using Microsoft.AspNetCore.Authentication;

namespace GatewayKit.Identity.Schemes;

/// <summary>
/// What several schemes found. Two that read the same credential, such as those of two issuers, need one of them to take it; a cookie and a token are two credentials, and both have to hold.
/// </summary>
internal struct SchemeFindings((string Name, string? LongName)[] claims)
{
    private bool _holdsCookie, _holdsOther, _failsCookie, _failsOther;

    /// <summary>The first identity that was found.</summary>
    public AuthenticationTicket? Ticket { get; private set; }

    /// <summary>Whether a cookie is among what was found.</summary>
    public readonly bool UsesCookie => _holdsCookie;

    /// <summary>Whether a credential is there that does not hold.</summary>
    public readonly bool IsRefused => (_failsCookie && !_holdsCookie) || (_failsOther && !_holdsOther);

    /// <summary>Adds what one scheme found.</summary>
    /// <returns>Whether it is of the caller that others found.</returns>
    public bool Add(AuthenticateResult result, bool usesCookie)
    {
        // An identity that says of itself that it is none is what the host's own authorization refuses, too.
        var ticket = result.Ticket is { Principal.Identity.IsAuthenticated: true } found && result.Succeeded ? found : null;
        var (holds, fails) = (ticket is not null, ticket is null && (result.Failure is not null || result.Succeeded));
        if (usesCookie)
        {
            (_holdsCookie, _failsCookie) = (_holdsCookie || holds, _failsCookie || fails);
        }
        else
        {
            (_holdsOther, _failsOther) = (_holdsOther || holds, _failsOther || fails);
        }

        if (Ticket is { } first && ticket is not null && !CallerClaims.Agree(first.Principal, ticket.Principal, claims))
        {
            return false;
        }

        Ticket ??= ticket;
        return true;
    }
}
