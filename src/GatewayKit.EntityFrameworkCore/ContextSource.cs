using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>Opens a context for each call, in the way that the host has registered it: by its factory, else from a scope of its own.</summary>
internal sealed class ContextSource<TContext>(IServiceScopeFactory scopes)
    where TContext : DbContext
{
    public async ValueTask<Lease> OpenAsync(CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        try
        {
            var factory = scope.ServiceProvider.GetService<IDbContextFactory<TContext>>();
            var context = factory is not null ? await factory.CreateDbContextAsync(cancellationToken).ConfigureAwait(false)
                : scope.ServiceProvider.GetService<TContext>()
                ?? throw new InvalidOperationException($"{typeof(TContext).Name} is not registered. Call builder.Services.AddDbContextFactory<{typeof(TContext).Name}>(…) or AddDbContext<{typeof(TContext).Name}>(…).");
            return new(context, factory is not null, scope);
        }
        catch
        {
            await scope.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A context, until it is disposed of.</summary>
    public readonly struct Lease(TContext context, bool isOwn, AsyncServiceScope scope) : IAsyncDisposable
    {
        public TContext Context => context;

        public async ValueTask DisposeAsync()
        {
            if (isOwn)
            {
                await context.DisposeAsync().ConfigureAwait(false);
            }

            await scope.DisposeAsync().ConfigureAwait(false);
        }
    }
}
