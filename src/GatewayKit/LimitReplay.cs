using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Throttling.Replay;
using Microsoft.Extensions.Configuration;

namespace GatewayKit;

/// <summary>
/// Answers "with these limits, who would have been refused, when, how often": sends recorded requests through the throttles, quotas and bulkheads of a gateway, on a clock
/// that the records drive. The limits are the very ones that serve requests; nothing else of the gateway runs, and real time is never read.
/// </summary>
public static class LimitReplay
{
    /// <summary>Replays records against the limits of a configuration.</summary>
    /// <param name="section">The gateway's section, as <c>AddApiGateway(section)</c> takes it. Records name its routes by their ids.</param>
    /// <param name="records">The records, such as an <see cref="AccessLog"/>; about in the order of their times (<see cref="LimitReplayOptions.MaxDisorder"/>). They are streamed.</param>
    /// <param name="options">How. Default: those of <see cref="LimitReplayOptions"/>.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <exception cref="GatewayConfigurationException">The configuration cannot be used; it has every error.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public static async Task<ReplayReport> RunAsync(
        IConfiguration section, IAsyncEnumerable<AccessRecord> records, LimitReplayOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(section);
        var host = await CreateAsync(section, options ??= new(), cancellationToken).ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            return await RunAsync(host, records, options, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Replays records against the limits of endpoints, such as those of a gateway that runs: with what groups and code say of them, and with the host's own endpoints.</summary>
    /// <param name="pipelines">The endpoints, such as <see cref="GatewayInspector.Pipelines"/>. Records name them by <see cref="GatewayEndpoint.RouteId"/>; of several with one id, the first counts.</param>
    /// <param name="records">The records.</param>
    /// <param name="options">How. Default: those of <see cref="LimitReplayOptions"/>.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public static async Task<ReplayReport> RunAsync(
        IReadOnlyList<GatewayPipeline> pipelines, IAsyncEnumerable<AccessRecord> records, LimitReplayOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pipelines);
        (options ??= new()).Check();
        var host = LimitReplayHost.Of(pipelines, options);
        await using (host.ConfigureAwait(false))
        {
            return await RunAsync(host, records, options, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Replays records against the limits of two configurations, in one go, and compares each decision.</summary>
    /// <param name="first">The gateway's section of one, such as the one in force.</param>
    /// <param name="second">That of the other.</param>
    /// <param name="records">The records.</param>
    /// <param name="options">How. Default: those of <see cref="LimitReplayOptions"/>.</param>
    /// <param name="cancellationToken">Ends the replay.</param>
    /// <exception cref="GatewayConfigurationException">One of them cannot be used; it has every error of that one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    public static async Task<ReplayComparison> CompareAsync(
        IConfiguration first, IConfiguration second, IAsyncEnumerable<AccessRecord> records, LimitReplayOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var one = await CreateAsync(first, options ??= new(), cancellationToken).ConfigureAwait(false);
        await using (one.ConfigureAwait(false))
        {
            var other = await CreateAsync(second, options, cancellationToken).ConfigureAwait(false);
            await using (other.ConfigureAwait(false))
            {
                return await CompareAsync(one, other, records, options, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static Task<LimitReplayHost> CreateAsync(IConfiguration section, LimitReplayOptions options, CancellationToken cancellationToken)
    {
        options.Check();
        return LimitReplayHost.CreateAsync(section, options, cancellationToken);
    }

    private static async Task<ReplayReport> RunAsync(LimitReplayHost host, IAsyncEnumerable<AccessRecord> records, LimitReplayOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        var (feed, run) = (new ReplayFeed(records, options.MaxDisorder, options.OnlyServed), host.CreateRun());
        await FeedAsync(feed, record => run.Take(record), cancellationToken).ConfigureAwait(false);
        run.End();
        return run.Report(feed, options.TopKeys, NamesOf(options));
    }

    private static async Task<ReplayComparison> CompareAsync(
        LimitReplayHost first, LimitReplayHost second, IAsyncEnumerable<AccessRecord> records, LimitReplayOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        var (feed, one, other) = (new ReplayFeed(records, options.MaxDisorder, options.OnlyServed), first.CreateRun(), second.CreateRun());
        var pairs = new ReplayPairs();
        await FeedAsync(feed, record => pairs.Take(record, one, other), cancellationToken).ConfigureAwait(false);
        one.End();
        other.End();
        return pairs.Report(one.Report(feed, options.TopKeys, NamesOf(options)), other.Report(feed, options.TopKeys, NamesOf(options)));
    }

    // Away from the caller's context: what waits for the clock goes on where the clock is moved, in the order in which it is.
    private static Task FeedAsync(ReplayFeed feed, Action<AccessRecord> take, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            await foreach (var record in feed.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                take(record);
            }
        },
        cancellationToken);

    private static Func<string, string> NamesOf(LimitReplayOptions options) => options.Redact ? PartitionText.Redact : static key => key;
}
