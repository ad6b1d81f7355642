using Microsoft.Extensions.Hosting;

namespace GatewayKit.Redis;

/// <summary>Connects while the host starts, which does not wait for it.</summary>
internal sealed class RedisStart(RedisLink link) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        link.Probe();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
