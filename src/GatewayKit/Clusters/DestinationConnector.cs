using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Clusters;

/// <summary>Connects to a destination by TCP: looks its name up, leaves out where destinations must not be, and tries what is left until one answers.</summary>
internal sealed class DestinationConnector(NameLookup names, DestinationConnections connections, string clusterId, IReadOnlyList<IPNetwork> denied)
{
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

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

        // The checked addresses themselves: a second look-up could say something else.
        return connections.Open(clusterId, address, await ConnectAsync(addresses, address.Port, cancellationToken).ConfigureAwait(false));
    }

    // One after the other, and the next one also when the one before says nothing for a while (RFC 8305 §5): an address behind which everything
    // is lost would otherwise use up the time of all.
    private static async Task<Socket> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        if (addresses.Length == 1)
        {
            return await ConnectAsync(addresses[0], port, cancellationToken).ConfigureAwait(false);
        }

        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var connecting = new List<Task<Socket>>();
        try
        {
            for (var next = 0; ; )
            {
                if (next < addresses.Length)
                {
                    connecting.Add(ConnectAsync(addresses[next++], port, decided.Token).Observed());
                }

                var first = Task.WhenAny(connecting);

                // By the machine's clock, as the handler's own limit for connecting.
                if (next < addresses.Length && await Task.WhenAny(first, Task.Delay(Stagger, TimeProvider.System, decided.Token)).ConfigureAwait(false) != first)
                {
                    continue;
                }

                var ended = await first.ConfigureAwait(false);
                connecting.Remove(ended);
                if (ended.IsCompletedSuccessfully || (connecting.Count == 0 && next == addresses.Length))
                {
                    return await ended.ConfigureAwait(false);
                }

                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await decided.CancelAsync().ConfigureAwait(false);
            connecting.ForEach(Forget);
        }
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(address, port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // It may have connected all the same, or fail with nobody left to look.
    private static void Forget(Task<Socket> loser) => _ = loser.ContinueWith(
        static late =>
        {
            if (late.Exception is null && late.IsCompletedSuccessfully)
            {
                late.GetAwaiter().GetResult().Dispose();
            }
        },
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
