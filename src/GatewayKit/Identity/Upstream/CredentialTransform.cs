using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Upstream;

/// <summary>Writes a credential into a request, in place of a client's. Immutable, so that one serves all requests that the credential is for; never prints it.</summary>
internal class CredentialTransform(string header, string value) : ICredentialTransform
{
    private readonly FieldNames _names = new([header]);

    string ICredentialTransform.Credential => value;

    public void TransformRequest(ForwardRequest request)
    {
        request.RemoveAliases(_names);
        request.SetHeader(header, value);
    }

    /// <summary>Whether a text can stand in a header as it is: visible ASCII, with single spaces between at most.</summary>
    public static bool CanStand(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && text[0] is not ' ' && text[^1] is not ' ';

    public sealed override string ToString() => header;
}
