using GatewayKit.Diagnostics;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Auditing.Journal;

/// <summary>Tells every anchor of checkpoints, each at its own pace, and says when one has been behind for long. Thread-safe.</summary>
internal sealed partial class JournalAnchors : IAsyncDisposable
{
    // How long a stopping host waits for those that are slow, and then for those that do not look at their token.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly AnchorFeed[] _feeds;
    private readonly TimeSpan _limit;
    private readonly ILogger _logger;
    private readonly Action<string, bool> _onBehind;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    /// <param name="options">The settings of the journal.</param>
    /// <param name="parts">Anchors, clock, measurements and log.</param>
    /// <param name="onBehind">Is told the name of an anchor that is behind for longer than it may, and of one that no longer is.</param>
    public JournalAnchors(JournalOptions options, JournalParts parts, Action<string, bool> onBehind)
    {
        (_limit, _logger, _onBehind) = (options.UnanchoredLimit, parts.Logger, onBehind);
        _feeds = [.. parts.Anchors.Select(anchor => new AnchorFeed(anchor, parts))];

        // Perhaps opened in the midst of a request that asked for a reload.
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _running = Task.WhenAll(_feeds.Select(feed => Task.Run(() => feed.RunAsync(_stop.Token))));
        }
    }

    /// <summary>For how long each anchor has not had a checkpoint, by its name; zero if it has all.</summary>
    public IEnumerable<(string Name, TimeSpan Unanchored)> Each => _feeds.Select(static feed => (feed.Name, feed.Unanchored));

    /// <summary>The anchors that are behind for longer than they may.</summary>
    public IEnumerable<string> Behind => Each.Where(one => one.Unanchored > _limit).Select(static one => one.Name);

    /// <summary>Takes a checkpoint. It never waits.</summary>
    public void Add(AuditCheckpoint checkpoint)
    {
        foreach (var feed in _feeds)
        {
            // Before this one is added: an anchor that had all of them is not behind.
            var isBehind = feed.Unanchored > _limit;
            feed.Add(checkpoint);
            if (feed.IsBehind != isBehind)
            {
                feed.IsBehind = isBehind;
                _onBehind(feed.Name, isBehind);
                if (isBehind)
                {
                    Log.Behind(_logger, feed.Name, _limit);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Array.ForEach(_feeds, static feed => feed.Complete());
        await WaitAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await WaitAsync().ConfigureAwait(false);
        if (_running.IsCompleted)
        {
            _stop.Dispose();
        }

        // By the real clock: one that a test has stopped would hold the host up.
        Task WaitAsync() => Task.WhenAny(_running, Task.Delay(Farewell, TimeProvider.System));
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.AnchorBehind, LogLevel.Error, "The anchor {Anchor} has not had a checkpoint of the audit journal for more than {Limit}.")]
        public static partial void Behind(ILogger logger, string anchor, TimeSpan limit);
    }
}
