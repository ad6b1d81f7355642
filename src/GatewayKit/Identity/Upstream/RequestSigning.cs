using System.ComponentModel.DataAnnotations;
using GatewayKit.Identity.Signatures;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;

namespace GatewayKit.Identity.Upstream;

/// <summary>How requests are signed for a destination (RFC 9421). Signatures of clients do not go on.</summary>
public sealed record RequestSigning : IValidatableObject
{
    private static readonly string[] DefaultComponents = ["@method", "@authority", "@path", "@query", "content-type", "content-digest", "authorization"];

    /// <summary>
    /// Where the key is: a private key in PEM (RSA by <c>rsa-pss-sha512</c>, the curves P-256 and P-384), or a secret of at least 32 bytes for <c>hmac-sha256</c>, as it is or
    /// as <c>base64:…</c>. There is no Ed25519, because .NET has none.
    /// </summary>
    public required SecretReference Key { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>What the destination finds the key by: printable ASCII.</summary>
    public required string KeyId { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>
    /// What is signed, in this order: fields in lower case, which are left out of a request that does not have them, and <c>@method</c>, <c>@authority</c>, <c>@scheme</c>, <c>@path</c>,
    /// <c>@query</c>, <c>@request-target</c>, <c>@target-uri</c>. Default <c>@method</c>, <c>@authority</c>, <c>@path</c>, <c>@query</c>, <c>content-type</c>,
    /// <c>content-digest</c>, <c>authorization</c>.
    /// </summary>
    public IReadOnlyList<string> Components { get; init => field = ValueList<string>.From(value); } = ValueList<string>.From(DefaultComponents);

    /// <summary>
    /// Bodies up to this size are read before they are sent, for a <c>Content-Digest</c> (RFC 9530) that can be signed; larger ones are refused with 413. 0 to 65,536 bytes. Default 0: bodies
    /// are not covered, and stream. Those of gRPC never are.
    /// </summary>
    [Range(0, 65_536)]
    public int MaxBodyBytes { get; init; }

    /// <summary>How long a signature counts, 1 s to 1 hour. Default 1 minute.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What the signature is for, told in its <c>tag</c>. Default nothing.</summary>
    public string? Tag { get; init; }

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        foreach (var (name, text) in ((string, string?)[])[(nameof(KeyId), KeyId), (nameof(Tag), Tag)])
        {
            if (text is not null && (text.Length is 0 or > 256 || text.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            {
                yield return new($"{name} must be 1 to 256 characters of printable ASCII.", [name]);
            }
        }

        if (Lifetime < TimeSpan.FromSeconds(1) || Lifetime > TimeSpan.FromHours(1))
        {
            yield return new($"Lifetime is {Lifetime:c}; it must be from 00:00:01 to 01:00:00.", [nameof(Lifetime)]);
        }

        foreach (var component in Components)
        {
            if (component is null or "@status" or "@query-param" || SignatureComponent.From(new(component)) is null)
            {
                yield return new($"'{component}' is nothing that can be signed of a request. Write fields in lower case, or @method, @authority, @scheme, @path, @query, @request-target or @target-uri.", [nameof(Components)]);
            }
            else if (component is "signature" or "signature-input")
            {
                yield return new($"'{component}' is what signing writes. Remove it.", [nameof(Components)]);
            }
        }

        if (Components.Count == 0 || Components.Distinct(StringComparer.Ordinal).Count() != Components.Count)
        {
            yield return new("Components is empty, or has something twice.", [nameof(Components)]);
        }
    }
}
