using GatewayKit.Identity.Consumers;

namespace GatewayKit.Identity;

/// <summary>What a way to find out who calls asks of a credential, as far as that is known before one comes.</summary>
internal interface ICredentialTerms
{
    /// <summary>What kind of credential it takes.</summary>
    CredentialKind Kind { get; }

    /// <summary>The scopes that the credential needs.</summary>
    IReadOnlyList<string> Scopes { get; }

    /// <summary>Whether a store has to know the caller. Default yes: nobody else knows keys.</summary>
    bool RequireRegistered => true;
}
