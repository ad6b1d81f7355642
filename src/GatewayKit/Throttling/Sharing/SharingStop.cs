using Microsoft.Extensions.Hosting;

namespace GatewayKit.Throttling.Sharing;

/// <summary>Leaves nothing behind at the host's stop: leases go back, and the store is told of what it has not heard yet.</summary>
internal sealed class SharingStop(ThrottleAllowances allowances, RateCommits commits) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) =>
        commits.StopAsync(allowances.InUse.OfType<LeasedAllowance>().SelectMany(static leased => leased.EndLeases()), cancellationToken);
}
