using GatewayKit.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.EntityFrameworkCoreTests.Hosting;

internal static class ContextExtensions
{
    public static Task<GatewayConsumersDbContext> GetRequiredDbContextAsync(this IServiceProvider services) =>
        services.GetRequiredService<IDbContextFactory<GatewayConsumersDbContext>>().CreateDbContextAsync();
}
