using Microsoft.Extensions.Hosting;

namespace GatewayKit.Lifecycle;

/// <summary>
/// Holds up the host's stop while balancers look elsewhere: this step comes before any service stops, the server included, and counts
/// against the time that the host grants.
/// </summary>
internal sealed class DrainService(DrainState drain) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => drain.WaitAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
