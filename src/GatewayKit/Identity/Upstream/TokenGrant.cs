using System.ComponentModel.DataAnnotations;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;

namespace GatewayKit.Identity.Upstream;

/// <summary>What it takes to get a token from an authorization server: where it is, and who the gateway is to it.</summary>
public abstract record TokenGrant : IValidatableObject
{
    private protected TokenGrant()
    {
    }

    /// <summary>The token endpoint of the authorization server (RFC 6749 §3.2): an absolute <c>https</c> address without a fragment.</summary>
    public required Uri TokenEndpoint { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>The name that the gateway has there.</summary>
    public required string ClientId { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>Where the gateway's secret is; for <see cref="ClientAuthentication.PrivateKeyJwt"/>, its private key in PEM.</summary>
    public required SecretReference ClientSecret { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>How the gateway proves who it is. Default <see cref="ClientAuthentication.Basic"/>.</summary>
    public ClientAuthentication ClientAuthentication { get; init; }

    /// <summary>What the token is to allow. Default: what the server gives.</summary>
    public IReadOnlyList<string> Scopes { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The name of whom the token is for (RFC 8693 §2.1). Default none.</summary>
    public string? Audience { get; init; }

    /// <summary>The address of what the token is for (RFC 8707). Default none.</summary>
    public Uri? Resource { get; init; }

    /// <summary>How long the server may take in all, 100 ms to 1 minute. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether the endpoint may be <c>http</c> elsewhere than on the loopback, so that anyone on the way reads secrets and tokens. Default no.</summary>
    public bool AllowHttp { get; init; }

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OwnCallAddress.Check(TokenEndpoint, nameof(TokenEndpoint), "https://login.example.com/oauth2/token", AllowHttp) is { } fault)
        {
            yield return fault;
        }

        if (ClientId.Length == 0)
        {
            yield return new("ClientId is empty. Give it a value.", [nameof(ClientId)]);
        }

        // RFC 6749 §3.3.
        foreach (var scope in Scopes.Where(static scope => string.IsNullOrEmpty(scope) || scope.AsSpan().ContainsAnyExceptInRange('!', '~') || scope.AsSpan().ContainsAny('"', '\\')))
        {
            yield return new($"'{scope}' is no scope. Write one scope an item, without spaces.", [nameof(Scopes)]);
        }

        if (Resource is { IsAbsoluteUri: false })
        {
            yield return new("Resource must be an absolute address.", [nameof(Resource)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(1))
        {
            yield return new($"Timeout is {Timeout:c}; it must be from 00:00:00.1000000 to 00:01:00.", [nameof(Timeout)]);
        }
    }
}

/// <summary>How the gateway proves to an authorization server who it is.</summary>
public enum ClientAuthentication
{
    /// <summary>In <c>Authorization</c>, id and secret form-encoded (RFC 6749 §2.3.1).</summary>
    Basic,

    /// <summary>In the form, for servers that know nothing better.</summary>
    Post,

    /// <summary>By a token that the gateway signs with its key (RFC 7523): no secret leaves it.</summary>
    PrivateKeyJwt,
}
