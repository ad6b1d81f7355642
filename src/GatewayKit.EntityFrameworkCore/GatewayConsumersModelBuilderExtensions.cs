using GatewayKit.EntityFrameworkCore.Rows;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Adds the tables of a gateway's consumers to the model of a host.</summary>
public static class GatewayConsumersModelBuilderExtensions
{
    /// <summary>
    /// Adds the tables of consumers, applications, subscriptions, keys, identities and of the changes to them: call it in <see cref="DbContext.OnModelCreating"/>, and add a migration. They
    /// are read and written by the gateway's store alone, which tells all instances of what changed; their rows are no types of yours.
    /// </summary>
    /// <param name="model">What <see cref="DbContext.OnModelCreating"/> is given.</param>
    public static ModelBuilder UseGatewayConsumers(this ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        GatewayTables.Configure(model);
        return model;
    }
}
