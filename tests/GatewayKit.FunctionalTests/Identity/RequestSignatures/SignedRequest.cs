using System.Security.Cryptography;
using GatewayKit.Identity.Signatures;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Identity.RequestSignatures;

/// <summary>A request as its signer sees it, and the fields that the signature is in. Each part can be left out or said wrong.</summary>
internal sealed record SignedRequest : ISignedMessage
{
    public required Uri Address { get; init; }

    public string Method { get; init; } = "GET";

    public string KeyId { get; init; } = "acme-1";

    public byte[]? Body { get; init; }

    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    public string[] Components { get; init; } = ["@method", "@target-uri"];

    public DateTimeOffset? Created { get; init; } = TimeProvider.System.GetUtcNow();

    public DateTimeOffset? Expires { get; init; }

    public string? Nonce { get; init; }

    public string? Algorithm { get; init; }

    public string? Tag { get; init; }

    public string Label { get; init; } = "sig1";

    public string Scheme => Address.Scheme;

    public string Authority => Address.Authority;

    public string Path => Address.AbsolutePath;

    public string Query => Address.Query;

    public int? Status => null;

    public StringValues Field(string name) => Fields.FirstOrDefault(field => string.Equals(field.Key, name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>The same with a digest of its body that is covered.</summary>
    public SignedRequest WithDigest(string name = "Content-Digest") => this with
    {
        Fields = new Dictionary<string, string>(Fields) { [name] = ContentDigest.Of(Body) },
        Components = [.. Components, name.ToLowerInvariant()],
    };

    /// <summary>The fields of the request, those of its signature included.</summary>
    public (string Name, string Value)[] Sign(SignatureKey key)
    {
        var parameters = SignatureParameters.Create([.. Components.Select(SignatureComponent.Of)], Created, Expires, Nonce, Algorithm, KeyId.Length == 0 ? null : KeyId, Tag);
        Assert.True(MessageSignature.TrySign(Label, this, parameters, key, out var signature, out var problem), problem);
        return [.. Fields.Select(static field => (field.Key, field.Value)), ("Signature-Input", signature.Input), ("Signature", signature.Value)];
    }

    public static byte[] Random(int length) => RandomNumberGenerator.GetBytes(length);
}
