using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace GatewayKit.EntityFrameworkCore.Rows;

/// <summary>The tables and their columns.</summary>
internal static class GatewayTables
{
    /// <summary>
    /// The length of all texts that are no JSON. One for all, because a look-up reads several tables in one statement, whose columns have to be of one type; what is longer than ids are
    /// comes from other systems. Short enough for the indexes of all databases.
    /// </summary>
    public const int TextLength = 400;

    public static void Configure(ModelBuilder model)
    {
        model.Entity<ConsumerRow>(static row =>
        {
            row.ToTable("GatewayConsumers");
            row.HasKey(static one => one.Id);
            row.HasIndex(static one => one.NormalizedId).IsUnique();
            Text(row, nameof(ConsumerRow.Id), nameof(ConsumerRow.NormalizedId), nameof(ConsumerRow.DisplayName), nameof(ConsumerRow.State), nameof(ConsumerRow.PlanId));
            row.Property(static one => one.Version).IsConcurrencyToken();
        });
        model.Entity<ApplicationRow>(static row =>
        {
            row.ToTable("GatewayApplications");
            row.HasKey(static one => new { one.ConsumerId, one.Id });
            Text(row, nameof(ApplicationRow.ConsumerId), nameof(ApplicationRow.Id), nameof(ApplicationRow.State), nameof(ApplicationRow.PlanId));
            OfConsumer(row);
        });
        model.Entity<SubscriptionRow>(static row =>
        {
            row.ToTable("GatewaySubscriptions");
            row.HasKey(static one => new { one.ConsumerId, one.ApplicationId, one.ProductId });
            Text(row, nameof(SubscriptionRow.ConsumerId), nameof(SubscriptionRow.ApplicationId), nameof(SubscriptionRow.ProductId), nameof(SubscriptionRow.PlanId), nameof(SubscriptionRow.State));
            OfConsumer(row);
        });
        model.Entity<KeyRow>(static row =>
        {
            row.ToTable("GatewayKeys");
            row.HasKey(static one => one.Id);
            Text(row, nameof(KeyRow.Id), nameof(KeyRow.ConsumerId), nameof(KeyRow.ApplicationId), nameof(KeyRow.Hash));
            OfConsumer(row);
        });
        model.Entity<IdentityRow>(static row =>
        {
            row.ToTable("GatewayIdentities");
            row.HasKey(static one => one.Id);
            Text(row, nameof(IdentityRow.Id), nameof(IdentityRow.ConsumerId), nameof(IdentityRow.ApplicationId));
            OfConsumer(row);
        });
        model.Entity<SigningKeyRow>(static row =>
        {
            row.ToTable("GatewaySigningKeys");
            row.HasKey(static one => one.Id);
            Text(row, nameof(SigningKeyRow.Id), nameof(SigningKeyRow.ConsumerId), nameof(SigningKeyRow.ApplicationId), nameof(SigningKeyRow.Algorithm), nameof(SigningKeyRow.Secret));
            OfConsumer(row);
        });
        model.Entity<ChangeRow>(static row =>
        {
            row.ToTable("GatewayConsumerChanges");
            row.HasKey(static one => one.Sequence);
            row.Property(static one => one.Sequence).ValueGeneratedNever();
            Text(row, nameof(ChangeRow.ConsumerId));
        });
        model.Entity<ClockRow>(static row =>
        {
            row.ToTable("GatewayConsumerClock");
            row.HasKey(static one => one.Id);
            row.Property(static one => one.Id).ValueGeneratedNever();
            row.HasData(new ClockRow { Id = ClockRow.OnlyId });
        });
    }

    private static void OfConsumer<TRow>(EntityTypeBuilder<TRow> row)
        where TRow : class =>
        row.HasOne<ConsumerRow>().WithMany().HasForeignKey(nameof(KeyRow.ConsumerId)).OnDelete(DeleteBehavior.Cascade);

    private static void Text<TRow>(EntityTypeBuilder<TRow> row, params ReadOnlySpan<string> columns)
        where TRow : class
    {
        foreach (var column in columns)
        {
            row.Property<string>(column).HasMaxLength(TextLength);
        }
    }
}
