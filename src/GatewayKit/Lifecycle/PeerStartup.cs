using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace GatewayKit.Lifecycle;

/// <summary>Keeps who is at the other side of the connection before middleware of the host puts a client's address there. Where nobody is trusted, nobody asks, and there is nothing in the way.</summary>
internal sealed class PeerStartup(TrustedPeers peers) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => !peers.Any ? next : app =>
    {
        app.Use(static inner => context =>
        {
            ConnectionPeer.Keep(context);
            return inner(context);
        });
        next(app);
    };
}
