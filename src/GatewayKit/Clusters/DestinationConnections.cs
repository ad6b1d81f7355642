using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Clusters;

/// <summary>
/// The connections that are open to destinations. The handler pools them by address and keeps idle ones; it has no way to let go of one
/// address alone.
/// </summary>
internal sealed class DestinationConnections
{
    private readonly ConcurrentDictionary<Connection, bool> _open = new();

    /// <summary>The stream of a connection, which is forgotten when it is disposed.</summary>
    public NetworkStream Open(string clusterId, DnsEndPoint address, Socket socket)
    {
        var connection = new Connection(this, clusterId, address, socket);
        _open.TryAdd(connection, true);
        return connection;
    }

    /// <summary>Ends the connections of a cluster to an address. The handler finds them ended and takes others.</summary>
    public void Close(string clusterId, Uri address)
    {
        foreach (var connection in _open.Keys)
        {
            if (connection.IsTo(clusterId, address))
            {
                connection.End();
            }
        }
    }

    // Still a NetworkStream: the handler looks at the socket of one before it takes it out of the pool.
    private sealed class Connection(DestinationConnections owner, string clusterId, DnsEndPoint address, Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public bool IsTo(string cluster, Uri destination) =>
            address.Port == destination.Port && string.Equals(address.Host, destination.IdnHost, StringComparison.OrdinalIgnoreCase)
            && string.Equals(clusterId, cluster, StringComparison.OrdinalIgnoreCase);

        public void End()
        {
            try
            {
                Socket.Shutdown(SocketShutdown.Both);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // It has ended before.
            }
        }

        protected override void Dispose(bool disposing)
        {
            owner._open.TryRemove(this, out _);
            base.Dispose(disposing);
        }
    }
}
