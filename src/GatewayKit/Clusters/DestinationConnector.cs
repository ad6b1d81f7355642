using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Clusters;

/// <summary>Connects to a destination by TCP: looks its name up, leaves out where destinations must not be, and tries what is left in turn.</summary>
internal sealed class DestinationConnector(NameLookup names, DestinationConnections connections, string clusterId, IReadOnlyList<IPNetwork> denied)
{
    /// <exception cref="DeniedAddressException">Nothing is left.</exception>
    /// <exception cref="SocketException">No address answers, or there is none.</exception>
    public async ValueTask<NetworkStream> ConnectAsync(DnsEndPoint address, CancellationToken cancellationToken)
    {
        var addresses = await names.ResolveAsync(address.Host, cancellationToken).ConfigureAwait(false);
        if (denied.Count > 0)
        {
            addresses = Array.FindAll(addresses, found => !DeniedNetworks.Contain(denied, found));
            if (addresses.Length == 0)
            {
                throw new DeniedAddressException(address.Host);
            }
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // The checked addresses themselves: a second look-up could say something else.
            await socket.ConnectAsync(addresses, address.Port, cancellationToken).ConfigureAwait(false);
            return connections.Open(clusterId, address, socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
