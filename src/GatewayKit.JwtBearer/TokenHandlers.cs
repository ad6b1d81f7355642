using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit.JwtBearer;

/// <summary>What checks the tokens of each scheme, with the keys of its issuer.</summary>
internal sealed class TokenHandlers(IOptionsMonitor<GatewayJwtOptions> options, IHttpClientFactory clients, TimeProvider time, ILogger<IssuerKeys> logger)
{
    private readonly ConcurrentDictionary<string, StrictTokenHandler> _handlers = new(StringComparer.Ordinal);

    public StrictTokenHandler Of(string scheme) => _handlers.GetOrAdd(scheme, name =>
    {
        var settings = options.Get(name);
        var document = new IssuerDocument(settings, () => clients.CreateClient(GatewayJwtBearerExtensions.HttpClientName));
        return new(settings, new IssuerKeys(name, document.FetchAsync, settings.KeyLifetime, time, logger), time);
    });
}
