using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Shared;

/// <summary>Ports for servers that have to know theirs before they start, and for addresses where nobody listens.</summary>
internal static class FreePort
{
    // Above what servers have by custom.
    private const int First = 10_000;

    private static readonly int End = FirstOfConnections();
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port that nothing listens on at 127.0.0.1 and ::1, and that nobody gets by chance.</summary>
    /// <remarks>
    /// One that the system chooses for port 0 is of those that it also gives to connections that go out, so that any of them may take it before its server does, or while that is dead. This one is below
    /// them, and chosen at random, as several test projects run at once.
    /// </remarks>
    public static int Next()
    {
        int port;
        do
        {
            port = Random.Shared.Next(First, End);
        }
        while (!IsFree(IPAddress.Loopback, port) || !IsFree(IPAddress.IPv6Loopback, port) || !Given.TryAdd(port, true));
        return port;
    }

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException exception)
        {
            // Where there is no ::1, nobody has a port of it.
            return exception.SocketErrorCode is not (SocketError.AddressAlreadyInUse or SocketError.AccessDenied);
        }
    }

    // https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html; 32,768 is the default of Linux, and other systems begin above it.
    private static int FirstOfConnections()
    {
        const int Default = 32_768;
        const string Setting = "/proc/sys/net/ipv4/ip_local_port_range";
        var first = File.Exists(Setting) ? int.Parse(File.ReadAllText(Setting).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture) : Default;

        // Where connections get nearly all ports, none is better than another.
        return first > First + 1_000 ? first : Default;
    }
}
