using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>What a service is told of one request: all of it, so that equal questions have equal answers.</summary>
/// <param name="Method">The method of the request.</param>
/// <param name="Path">The path base and the canonical path.</param>
/// <param name="Query">The query, if the service is told.</param>
/// <param name="Host">The host that the client asked for.</param>
/// <param name="Scheme">The scheme that it asked by.</param>
/// <param name="Client">Its address, if there is one.</param>
/// <param name="Fields">The values of the fields that the service is shown, in the order of the policy.</param>
internal sealed record AuthorizationQuestion(string Method, string Path, string Query, string? Host, string Scheme, IPAddress? Client, StringValues[] Fields)
{
    /// <summary>The body, if the service is shown one.</summary>
    public ShownBody? Body { get; init; }

    /// <summary>Writes it as a request to the service.</summary>
    public HttpRequestMessage Create(ExternalAuthorizationPolicy policy, AuthorizationMarker marker)
    {
        var message = new HttpRequestMessage(HttpMethod.Parse(policy.Method), policy.Url) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        for (var i = 0; i < Fields.Length; i++)
        {
            if (Fields[i].Count > 0)
            {
                message.Headers.TryAddWithoutValidation(policy.RequestHeaders[i], Fields[i].ToArray());
            }
        }

        message.Headers.TryAddWithoutValidation("X-Forwarded-Method", Method);
        message.Headers.TryAddWithoutValidation("X-Forwarded-Uri", Path + Query);
        message.Headers.TryAddWithoutValidation("X-Forwarded-Proto", Scheme);
        if (Host is not null)
        {
            message.Headers.TryAddWithoutValidation("X-Forwarded-Host", Host);
        }

        if (Client is not null)
        {
            message.Headers.TryAddWithoutValidation("X-Forwarded-For", Client.ToString());
        }

        message.Headers.TryAddWithoutValidation(AuthorizationMarker.Name, marker.Value);

        // Without content the handler would take any method for one that can be sent twice (dotnet/runtime#86714).
        message.Content = Body?.CreateContent() ?? (policy.Method is "GET" or "HEAD" or "OPTIONS" or "DELETE" ? null : new ByteArrayContent([]));
        return message;
    }
}
