using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Forwarding;

/// <summary>What the fields of an answer took the place of. Rarely anything, so it is not part of every exchange.</summary>
internal sealed class ReplacedFields : List<(string Name, StringValues Values)>
{
    public static ReplacedFields Of(HttpContext httpContext)
    {
        if (httpContext.Features.Get<ReplacedFields>() is not { } known)
        {
            httpContext.Features.Set(known = []);
        }

        return known;
    }
}
