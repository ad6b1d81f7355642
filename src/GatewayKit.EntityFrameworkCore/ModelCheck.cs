using GatewayKit.EntityFrameworkCore.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>Lets no host start whose context is not registered, or lacks the tables; and makes the queries of the others ready, so that the first request does not wait for that.</summary>
internal sealed class ModelCheck<TContext>(ContextSource<TContext> contexts, EntityFrameworkConsumerStore<TContext> store) : IHostedService
    where TContext : DbContext
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var lease = await contexts.OpenAsync(cancellationToken).ConfigureAwait(false);
        if (lease.Context.Model.FindEntityType(typeof(ConsumerRow)) is null)
        {
            throw new InvalidOperationException($"The model of {typeof(TContext).Name} has no tables of consumers. Call modelBuilder.UseGatewayConsumers() in its OnModelCreating, and add a migration.");
        }

        store.Prepare(lease.Context);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
