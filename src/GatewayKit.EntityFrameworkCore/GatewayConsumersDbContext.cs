using Microsoft.EntityFrameworkCore;

namespace GatewayKit.EntityFrameworkCore;

/// <summary>The context of a database, or of a part of one, that has nothing but consumers: for hosts without a context of their own. Its migrations suit every provider.</summary>
public sealed class GatewayConsumersDbContext : DbContext
{
    /// <summary>Creates it.</summary>
    /// <param name="options">Which database.</param>
    public GatewayConsumersDbContext(DbContextOptions<GatewayConsumersDbContext> options)
        : base(options)
    {
    }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.UseGatewayConsumers();
    }
}
