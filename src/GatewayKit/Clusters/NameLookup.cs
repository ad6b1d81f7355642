using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GatewayKit.Clusters;

/// <summary>
/// Looks names up, and remembers what it found: when the resolver fails, answers nothing or takes too long, the last good addresses serve
/// for a while. Safe for concurrent use.
/// </summary>
internal sealed class NameLookup(TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
{
    /// <summary>How long addresses serve after they were last looked up with success.</summary>
    public static readonly TimeSpan MostStale = TimeSpan.FromMinutes(5);

    /// <summary>How long a look-up may take where there are addresses that could serve.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    // Names come from the configuration; ones that no cluster has any more are forgotten with the rest.
    private const int MostNames = 10_000;

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.OrdinalIgnoreCase);

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
            var resolving = resolve(host, cancellationToken);
            var addresses = known is null ? await resolving.ConfigureAwait(false) : await HurriedAsync(resolving, cancellationToken).ConfigureAwait(false);
            if (addresses.Length > 0)
            {
                Remember(host, addresses);
                return addresses;
            }
        }
        catch (Exception) when (known is not null && !cancellationToken.IsCancellationRequested)
        {
            return known;
        }

        return known ?? throw new SocketException((int)SocketError.HostNotFound);
    }

    private async Task<IPAddress[]> HurriedAsync(Task<IPAddress[]> resolving, CancellationToken cancellationToken)
    {
        try
        {
            return await resolving.WaitAsync(Patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch when (!resolving.IsCompleted)
        {
            // Nobody waits for it any more, but a failure must be seen by somebody.
            _ = resolving.ContinueWith(static late => _ = late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
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
