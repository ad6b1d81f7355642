using Microsoft.Extensions.Http;

namespace GatewayKit.Clusters.NamedClients;

/// <summary>Puts our end to the chains of clients that clusters name, before the host configures them: a primary handler of its own takes our place.</summary>
internal sealed class NamedClientFilter(NamedClientUses uses) : IHttpMessageHandlerBuilderFilter
{
    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        if (uses.Contains(builder.Name))
        {
            builder.PrimaryHandler = new NamedPrimaryHandler(builder.Name!, builder.PrimaryHandler);
        }

        next(builder);
    };
}
