namespace GatewayKit.Pipeline;

/// <summary>A policy that looks for credentials in places of its own. Whoever writes requests down leaves these out, whether or not the policy came to look.</summary>
internal interface ICredentialPlaces : IGatewayPolicy
{
    /// <summary>The names of the fields; case is ignored.</summary>
    IEnumerable<string> CredentialFields { get; }

    /// <summary>The keys of the query; case is ignored.</summary>
    IEnumerable<string> CredentialQueryKeys { get; }
}
