namespace GatewayKit.Identity.Signatures;

/// <summary>
/// What a signature covers and what it says of itself: a member of <c>Signature-Input</c> and, letter for letter, the last line of the signature base
/// (RFC 9421 §2.3). Immutable.
/// </summary>
internal sealed class SignatureParameters
{
    /// <summary>How many components a signature that came may cover: more than any that makes sense, and what looking at them costs comes before it is known who asks.</summary>
    public const int MostComponents = 32;

    private readonly StructuredMember _member;

    private SignatureParameters(StructuredMember member, IReadOnlyList<SignatureComponent> components) =>
        (_member, Components, Text) = (member, components, StructuredFieldWriter.Write(member));

    /// <summary>Parameters of a signature that is to be made.</summary>
    /// <param name="components">What is covered, in this order.</param>
    /// <param name="created">When it is made.</param>
    /// <param name="expires">When it is void. Default never.</param>
    /// <param name="nonce">Something that is used once. Default none.</param>
    /// <param name="algorithm">The name of the algorithm, such as <c>hmac-sha256</c>. Default: the key knows it.</param>
    /// <param name="keyId">What the receiver finds the key by. Default none.</param>
    /// <param name="tag">What the signature is for. Default none.</param>
    public static SignatureParameters Create(
        IReadOnlyList<SignatureComponent> components, DateTimeOffset? created = null, DateTimeOffset? expires = null, string? nonce = null, string? algorithm = null, string? keyId = null, string? tag = null)
    {
        var parameters = new List<KeyValuePair<string, object>>();
        Add("created", created?.ToUnixTimeSeconds());
        Add("expires", expires?.ToUnixTimeSeconds());
        Add("nonce", nonce);
        Add("alg", algorithm);
        Add("keyid", keyId);
        Add("tag", tag);
        return new(new(Array.ConvertAll([.. components], static component => component.Item), parameters), components);

        void Add(string key, object? value)
        {
            if (value is not null)
            {
                parameters.Add(new(key, value));
            }
        }
    }

    /// <summary>Parameters as they were read: a member of <c>Signature-Input</c>.</summary>
    /// <returns><see langword="null"/> if they are not well-formed, a component is there twice or there are more than <see cref="MostComponents"/>.</returns>
    public static SignatureParameters? From(StructuredMember member)
    {
        if (member.Items is not { Count: <= MostComponents } items)
        {
            return null;
        }

        var components = new List<SignatureComponent>(items.Count);
        foreach (var item in items)
        {
            if (SignatureComponent.From(item) is not { } component || components.Contains(component))
            {
                return null;
            }

            components.Add(component);
        }

        foreach (var (key, value) in member.Parameters)
        {
            if (key is "created" or "expires" ? value is not long : key is "nonce" or "alg" or "keyid" or "tag" && value is not string)
            {
                return null;
            }
        }

        return new(member, components);
    }

    /// <summary>What is covered, in order.</summary>
    public IReadOnlyList<SignatureComponent> Components { get; }

    /// <summary>The parameters in their one form, as <c>Signature-Input</c> and the signature base have them.</summary>
    public string Text { get; }

    /// <summary>When it was made, in seconds since 1970.</summary>
    public long? Created => _member["created"] as long?;

    /// <summary>When it is void, in seconds since 1970.</summary>
    public long? Expires => _member["expires"] as long?;

    public string? Nonce => _member["nonce"] as string;

    public string? Algorithm => _member["alg"] as string;

    public string? KeyId => _member["keyid"] as string;

    public string? Tag => _member["tag"] as string;

    public override string ToString() => Text;
}
