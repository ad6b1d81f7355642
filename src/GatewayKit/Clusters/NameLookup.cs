using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Clusters;

/// <summary>
/// Looks names up, and remembers what it found: when the resolver fails, answers nothing or takes too long, the last good addresses serve
/// for a while. Connections that want the same name at once share one look-up. Safe for concurrent use.
/// </summary>
internal sealed class NameLookup(TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>How long addresses serve after they were last looked up with success.</summary>
    public static readonly TimeSpan MostStale = TimeSpan.FromMinutes(5);

    /// <summary>How long a look-up may take where there are addresses that could serve.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How long a look-up may take at all. After that the resolver is asked anew.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // Names come from the configuration; ones that no cluster has any more are forgotten with the rest.
    private const int MostNames = 10_000;

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Lazy<Task<IPAddress[]>>> _asking = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The operating system's look-up.</summary>
    public static NameLookup OfSystem(TimeProvider time) => new(time, static (host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken));

    /// <exception cref="SocketException">There is no address, and none that could serve.</exception>
    /// <exception cref="OperationCanceledException">The connection is not wanted any more.</exception>
    public async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        var known = _known.TryGetValue(host, out var entry) && time.GetElapsedTime(entry.At) < MostStale ? entry.Addresses : null;
        try
        {
            var asking = Ask(host);
            var addresses = await (known is null ? asking.WaitAsync(cancellationToken) : asking.WaitAsync(Patience, time, cancellationToken)).ConfigureAwait(false);
            if (addresses.Length > 0)
            {
                return addresses;
            }
        }
        catch (Exception) when (known is not null && !cancellationToken.IsCancellationRequested)
        {
            return known;
        }

        return known ?? throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Asks the resolver, whatever is remembered.</summary>
    /// <exception cref="SocketException">There is no address.</exception>
    /// <exception cref="OperationCanceledException">The answer is not wanted any more.</exception>
    public async ValueTask<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken) =>
        await Ask(host).WaitAsync(cancellationToken).ConfigureAwait(false) is { Length: > 0 } addresses
            ? addresses
            : throw new SocketException((int)SocketError.HostNotFound);

    // One question for all connections that want the name now. It outlives them: a late answer is still a good one, and the next connection has it.
    private Task<IPAddress[]> Ask(string host) =>
        _asking.GetOrAdd(host, static (host, names) => new(() => names.AskAsync(host).Observed()), this).Value;

    private async Task<IPAddress[]> AskAsync(string host)
    {
        using var limit = new CancellationTokenSource(Longest, time);
        try
        {
            var addresses = await resolve(host, limit.Token).Observed().WaitAsync(limit.Token).ConfigureAwait(false);
            if (addresses.Length > 0)
            {
                Remember(host, addresses);
            }

            return addresses;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
        finally
        {
            _asking.TryRemove(host, out _);
        }
    }

    private void Remember(string host, IPAddress[] addresses)
    {
        if (_known.Count >= MostNames)
        {
            _known.Clear();
        }

        _known[host] = new(addresses, time.GetTimestamp());
    }

    private sealed record Known(IPAddress[] Addresses, long At);
}
