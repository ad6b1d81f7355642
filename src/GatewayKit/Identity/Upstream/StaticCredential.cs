using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;

namespace GatewayKit.Identity.Upstream;

/// <summary>A credential that does not change by itself: a header with a secret value, or a user and a password.</summary>
public sealed record StaticCredential : IValidatableObject
{
    /// <summary>The header. Default <c>Authorization</c>.</summary>
    public string Header { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "Authorization";

    /// <summary>Where the value is.</summary>
    public SecretReference? Value { get; init; }

    /// <summary>What stands in front of the value, with a space between: <c>Bearer</c>. Default nothing.</summary>
    public string? Scheme { get; init; }

    /// <summary>A user, sent with <see cref="Password"/> by the scheme Basic (RFC 7617) in place of a <see cref="Value"/>.</summary>
    public string? User { get; init; }

    /// <summary>Where the user's password is.</summary>
    public SecretReference? Password { get; init; }

    /// <summary>Where the secret is.</summary>
    internal SecretReference Secret => (Value ?? Password)!;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (!HttpToken.Is(Header) || MessageFields.WhyFixedInRequest(Header) is not null)
        {
            yield return new($"'{Header}' is no header that can be set.", [nameof(Header)]);
        }

        if (Value is null == Password is null)
        {
            yield return new("Say where the secret is, in Value, or in Password beside User; one of them.", [nameof(Value)]);
        }
        else if (Password is null != User is null)
        {
            yield return new("User and Password belong together.", [nameof(User)]);
        }
        else if (Password is not null && Scheme is not null)
        {
            yield return new("Scheme is of a Value; a user and a password have the scheme Basic. Remove it.", [nameof(Scheme)]);
        }

        if (Scheme is not null && !HttpToken.Is(Scheme))
        {
            yield return new($"'{Scheme}' is no scheme such as \"Bearer\".", [nameof(Scheme)]);
        }

        // RFC 7617 §2.
        if (User is not null && (User.Length == 0 || User.Contains(':', StringComparison.Ordinal) || User.Any(char.IsControl)))
        {
            yield return new("User is empty, or has a colon or a control character.", [nameof(User)]);
        }
    }
}
