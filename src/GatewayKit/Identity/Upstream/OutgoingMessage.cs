using GatewayKit.Identity.Signatures;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.Upstream;

/// <summary>A complete message to a destination, as a signature sees it.</summary>
internal sealed class OutgoingMessage(HttpRequestMessage message) : ISignedMessage
{
    private readonly string _target = message.RequestUri!.PathAndQuery;

    public string Method => message.Method.Method;

    public string Scheme => message.RequestUri!.Scheme;

    public string Authority => message.Headers.Host ?? message.RequestUri!.Authority;

    public string Path => _target.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? _target[..query] : _target;

    public string Query => _target.IndexOf('?', StringComparison.Ordinal) is var query and >= 0 ? _target[query..] : string.Empty;

    public int? Status => null;

    public StringValues Field(string name) =>
        message.Headers.NonValidated.TryGetValues(name, out var values) || (message.Content?.Headers.NonValidated.TryGetValues(name, out values) ?? false)
            ? values.ToArray()
            : default;
}
