using Microsoft.AspNetCore.Http;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>
/// Tells a question of the gateway's own from a request: a service behind an endpoint that asks the service would be asked for ever. All instances of a gateway write the same, so that it does not matter
/// which of them gets the question. It only ever refuses, and only the request that has it: whoever makes one up harms nobody else, and destinations never see it.
/// </summary>
internal sealed class AuthorizationMarker(string pseudonym)
{
    /// <summary>Of the family that no client's field of passes.</summary>
    public const string Name = "X-GW-External-Authorization";

    /// <summary>What it says: by whom the question is.</summary>
    public string Value => pseudonym;

    /// <summary>Whether a request is a question of this gateway.</summary>
    public bool IsOn(HttpRequest request)
    {
        foreach (var line in request.Headers[Name])
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                if (line.AsSpan()[range].Trim(" \t").Equals(pseudonym, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
