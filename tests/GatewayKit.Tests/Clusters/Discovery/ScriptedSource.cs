using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Clusters.Discovery;

/// <summary>A source that says what the test tells it to, and announces changes when the test does.</summary>
internal sealed class ScriptedSource : IDestinationSource, IDisposable
{
    private CancellationTokenSource _changed = new();

    public Func<CancellationToken, Task<DiscoveredDestinations>> Answer { get; set; } = static _ => throw new InvalidOperationException("nothing yet");

    public int Asked { get; private set; }

    public static Dictionary<string, Destination> Entries(params IEnumerable<string> hosts) =>
        hosts.ToDictionary(static host => host, static host => new Destination { Address = new($"http://{host}:8080"), Host = "orders.internal:8080" });

    public void Finds(params string[] hosts) => Answer = _ => Task.FromResult(new DiscoveredDestinations { Destinations = Entries(hosts), Changed = new CancellationChangeToken(_changed.Token) });

    public void Fails() => Answer = static _ => throw new InvalidOperationException("gone");

    public void Hangs() => Answer = static _ => new TaskCompletionSource<DiscoveredDestinations>().Task;

    public void Announce()
    {
        var former = Interlocked.Exchange(ref _changed, new());
        former.Cancel();
        former.Dispose();
    }

    public ValueTask<DiscoveredDestinations> FindAsync(string name, CancellationToken cancellationToken)
    {
        Asked++;
        return new(Answer(cancellationToken));
    }

    public void Dispose() => _changed.Dispose();
}
