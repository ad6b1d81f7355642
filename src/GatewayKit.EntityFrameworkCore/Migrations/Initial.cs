using GatewayKit.EntityFrameworkCore.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GatewayKit.EntityFrameworkCore.Migrations;

/// <summary>Makes the tables. Written by hand and without types of columns, so that it suits every provider: each takes its own for strings, numbers and times.</summary>
[DbContext(typeof(GatewayConsumersDbContext))]
[Migration("20261129000000_Initial")]
internal sealed class Initial : Migration
{
    private const int TextLength = 400;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "GatewayConsumers",
            static table => new
            {
                Id = table.Column<string>(maxLength: TextLength),
                NormalizedId = table.Column<string>(maxLength: TextLength),
                DisplayName = table.Column<string>(maxLength: TextLength, nullable: true),
                State = table.Column<string>(maxLength: TextLength),
                PlanId = table.Column<string>(maxLength: TextLength, nullable: true),
                Scopes = table.Column<string>(nullable: true),
                Metadata = table.Column<string>(nullable: true),
                Version = table.Column<long>(),
            },
            constraints: static table => table.PrimaryKey("PK_GatewayConsumers", static row => row.Id));
        migrationBuilder.CreateTable(
            "GatewayApplications",
            static table => new
            {
                ConsumerId = table.Column<string>(maxLength: TextLength),
                Id = table.Column<string>(maxLength: TextLength),
                Ordinal = table.Column<int>(),
                State = table.Column<string>(maxLength: TextLength),
                PlanId = table.Column<string>(maxLength: TextLength, nullable: true),
                Scopes = table.Column<string>(nullable: true),
            },
            constraints: static table =>
            {
                table.PrimaryKey("PK_GatewayApplications", static row => new { row.ConsumerId, row.Id });
                table.ForeignKey("FK_GatewayApplications_GatewayConsumers_ConsumerId", static row => row.ConsumerId, "GatewayConsumers", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateTable(
            "GatewaySubscriptions",
            static table => new
            {
                ConsumerId = table.Column<string>(maxLength: TextLength),
                ApplicationId = table.Column<string>(maxLength: TextLength),
                ProductId = table.Column<string>(maxLength: TextLength),
                Ordinal = table.Column<int>(),
                PlanId = table.Column<string>(maxLength: TextLength),
                State = table.Column<string>(maxLength: TextLength),
                ExpiresAt = table.Column<DateTimeOffset>(nullable: true),
                Limits = table.Column<string>(nullable: true),
            },
            constraints: static table =>
            {
                table.PrimaryKey("PK_GatewaySubscriptions", static row => new { row.ConsumerId, row.ApplicationId, row.ProductId });
                table.ForeignKey("FK_GatewaySubscriptions_GatewayConsumers_ConsumerId", static row => row.ConsumerId, "GatewayConsumers", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateTable(
            "GatewayKeys",
            static table => new
            {
                Id = table.Column<string>(maxLength: TextLength),
                ConsumerId = table.Column<string>(maxLength: TextLength),
                ApplicationId = table.Column<string>(maxLength: TextLength),
                Ordinal = table.Column<int>(),
                Hash = table.Column<string>(maxLength: TextLength),
                ExpiresAt = table.Column<DateTimeOffset>(nullable: true),
                IsRevoked = table.Column<bool>(),
                Scopes = table.Column<string>(nullable: true),
                Limits = table.Column<string>(nullable: true),
            },
            constraints: static table =>
            {
                table.PrimaryKey("PK_GatewayKeys", static row => row.Id);
                table.ForeignKey("FK_GatewayKeys_GatewayConsumers_ConsumerId", static row => row.ConsumerId, "GatewayConsumers", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateTable(
            "GatewayIdentities",
            static table => new
            {
                Id = table.Column<string>(maxLength: TextLength),
                ConsumerId = table.Column<string>(maxLength: TextLength),
                ApplicationId = table.Column<string>(maxLength: TextLength),
                Ordinal = table.Column<int>(),
            },
            constraints: static table =>
            {
                table.PrimaryKey("PK_GatewayIdentities", static row => row.Id);
                table.ForeignKey("FK_GatewayIdentities_GatewayConsumers_ConsumerId", static row => row.ConsumerId, "GatewayConsumers", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateTable(
            "GatewayConsumerChanges",
            static table => new
            {
                Sequence = table.Column<long>(),
                Stamp = table.Column<Guid>(),
                ConsumerId = table.Column<string>(maxLength: TextLength),
                At = table.Column<DateTimeOffset>(),
            },
            constraints: static table => table.PrimaryKey("PK_GatewayConsumerChanges", static row => row.Sequence));
        migrationBuilder.CreateTable(
            "GatewayConsumerClock",
            static table => new { Id = table.Column<int>(), Value = table.Column<long>() },
            constraints: static table => table.PrimaryKey("PK_GatewayConsumerClock", static row => row.Id));
        migrationBuilder.InsertData("GatewayConsumerClock", ["Id", "Value"], new object[] { 1, 0L });
        migrationBuilder.CreateIndex("IX_GatewayConsumers_NormalizedId", "GatewayConsumers", "NormalizedId", unique: true);
        migrationBuilder.CreateIndex("IX_GatewayKeys_ConsumerId", "GatewayKeys", "ConsumerId");
        migrationBuilder.CreateIndex("IX_GatewayIdentities_ConsumerId", "GatewayIdentities", "ConsumerId");
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        foreach (var table in (ReadOnlySpan<string>)["GatewayConsumerClock", "GatewayConsumerChanges", "GatewayIdentities", "GatewayKeys", "GatewaySubscriptions", "GatewayApplications", "GatewayConsumers"])
        {
            migrationBuilder.DropTable(table);
        }
    }

    protected override void BuildTargetModel(ModelBuilder modelBuilder) => Model(modelBuilder);

    /// <summary>The model as it was with this migration. Apart from <see cref="GatewayTables"/>, which goes on.</summary>
    public static void Model(ModelBuilder model)
    {
        const string consumer = "GatewayKit.EntityFrameworkCore.Rows.ConsumerRow";
        model.Entity(consumer, static row =>
        {
            row.ToTable("GatewayConsumers");
            row.Property<string>("Id").HasMaxLength(TextLength);
            row.Property<string>("NormalizedId").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("DisplayName").HasMaxLength(TextLength);
            row.Property<string>("State").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("PlanId").HasMaxLength(TextLength);
            row.Property<string>("Scopes");
            row.Property<string>("Metadata");
            row.Property<long>("Version").IsConcurrencyToken();
            row.HasKey("Id");
            row.HasIndex("NormalizedId").IsUnique();
        });
        model.Entity("GatewayKit.EntityFrameworkCore.Rows.ApplicationRow", static row =>
        {
            row.ToTable("GatewayApplications");
            row.Property<string>("ConsumerId").HasMaxLength(TextLength);
            row.Property<string>("Id").HasMaxLength(TextLength);
            row.Property<int>("Ordinal");
            row.Property<string>("State").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("PlanId").HasMaxLength(TextLength);
            row.Property<string>("Scopes");
            row.HasKey("ConsumerId", "Id");
            row.HasOne(consumer, null).WithMany().HasForeignKey("ConsumerId").OnDelete(DeleteBehavior.Cascade).IsRequired();
        });
        model.Entity("GatewayKit.EntityFrameworkCore.Rows.SubscriptionRow", static row =>
        {
            row.ToTable("GatewaySubscriptions");
            row.Property<string>("ConsumerId").HasMaxLength(TextLength);
            row.Property<string>("ApplicationId").HasMaxLength(TextLength);
            row.Property<string>("ProductId").HasMaxLength(TextLength);
            row.Property<int>("Ordinal");
            row.Property<string>("PlanId").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("State").IsRequired().HasMaxLength(TextLength);
            row.Property<DateTimeOffset?>("ExpiresAt");
            row.Property<string>("Limits");
            row.HasKey("ConsumerId", "ApplicationId", "ProductId");
            row.HasOne(consumer, null).WithMany().HasForeignKey("ConsumerId").OnDelete(DeleteBehavior.Cascade).IsRequired();
        });
        model.Entity("GatewayKit.EntityFrameworkCore.Rows.KeyRow", static row =>
        {
            row.ToTable("GatewayKeys");
            row.Property<string>("Id").HasMaxLength(TextLength);
            row.Property<string>("ConsumerId").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("ApplicationId").IsRequired().HasMaxLength(TextLength);
            row.Property<int>("Ordinal");
            row.Property<string>("Hash").IsRequired().HasMaxLength(TextLength);
            row.Property<DateTimeOffset?>("ExpiresAt");
            row.Property<bool>("IsRevoked");
            row.Property<string>("Scopes");
            row.Property<string>("Limits");
            row.HasKey("Id");
            row.HasIndex("ConsumerId");
            row.HasOne(consumer, null).WithMany().HasForeignKey("ConsumerId").OnDelete(DeleteBehavior.Cascade).IsRequired();
        });
        model.Entity("GatewayKit.EntityFrameworkCore.Rows.IdentityRow", static row =>
        {
            row.ToTable("GatewayIdentities");
            row.Property<string>("Id").HasMaxLength(TextLength);
            row.Property<string>("ConsumerId").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("ApplicationId").IsRequired().HasMaxLength(TextLength);
            row.Property<int>("Ordinal");
            row.HasKey("Id");
            row.HasIndex("ConsumerId");
            row.HasOne(consumer, null).WithMany().HasForeignKey("ConsumerId").OnDelete(DeleteBehavior.Cascade).IsRequired();
        });
        model.Entity("GatewayKit.EntityFrameworkCore.Rows.ChangeRow", static row =>
        {
            row.ToTable("GatewayConsumerChanges");
            row.Property<long>("Sequence");
            row.Property<Guid>("Stamp");
            row.Property<string>("ConsumerId").IsRequired().HasMaxLength(TextLength);
            row.Property<DateTimeOffset>("At");
            row.HasKey("Sequence");
        });
        model.Entity("GatewayKit.EntityFrameworkCore.Rows.ClockRow", static row =>
        {
            row.ToTable("GatewayConsumerClock");
            row.Property<int>("Id");
            row.Property<long>("Value");
            row.HasKey("Id");
            row.HasData(new { Id = 1, Value = 0L });
        });
    }
}
