using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Transforms;

internal static class HeaderLines
{
    // Not joined by commas: Set-Cookie must not be (RFC 9110 §5.3).
    public static void Append(IHeaderDictionary headers, string name, string? value) => headers[name] = StringValues.Concat(headers[name], value);
}
