using GatewayKit.EntityFrameworkCore.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace GatewayKit.EntityFrameworkCore.Migrations;

/// <summary>Adds the keys that requests are signed with. By hand, for every provider, as <see cref="Initial"/> is.</summary>
[DbContext(typeof(GatewayConsumersDbContext))]
[Migration("20261130000000_SigningKeys")]
internal sealed class SigningKeys : Migration
{
    private const int TextLength = 400;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "GatewaySigningKeys",
            static table => new
            {
                Id = table.Column<string>(maxLength: TextLength),
                ConsumerId = table.Column<string>(maxLength: TextLength),
                ApplicationId = table.Column<string>(maxLength: TextLength),
                Ordinal = table.Column<int>(),
                Algorithm = table.Column<string>(maxLength: TextLength),
                PublicKey = table.Column<string>(nullable: true),
                Secret = table.Column<string>(maxLength: TextLength, nullable: true),
                ExpiresAt = table.Column<DateTimeOffset>(nullable: true),
                IsRevoked = table.Column<bool>(),
            },
            constraints: static table =>
            {
                table.PrimaryKey("PK_GatewaySigningKeys", static row => row.Id);
                table.ForeignKey("FK_GatewaySigningKeys_GatewayConsumers_ConsumerId", static row => row.ConsumerId, "GatewayConsumers", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateIndex("IX_GatewaySigningKeys_ConsumerId", "GatewaySigningKeys", "ConsumerId");
    }

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable("GatewaySigningKeys");

    protected override void BuildTargetModel(ModelBuilder modelBuilder) => Model(modelBuilder);

    /// <summary>The model as it was with this migration. Apart from <see cref="GatewayTables"/>, which goes on.</summary>
    public static void Model(ModelBuilder model)
    {
        Initial.Model(model);
        model.Entity("GatewayKit.EntityFrameworkCore.Rows.SigningKeyRow", static row =>
        {
            row.ToTable("GatewaySigningKeys");
            row.Property<string>("Id").HasMaxLength(TextLength);
            row.Property<string>("ConsumerId").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("ApplicationId").IsRequired().HasMaxLength(TextLength);
            row.Property<int>("Ordinal");
            row.Property<string>("Algorithm").IsRequired().HasMaxLength(TextLength);
            row.Property<string>("PublicKey");
            row.Property<string>("Secret").HasMaxLength(TextLength);
            row.Property<DateTimeOffset?>("ExpiresAt");
            row.Property<bool>("IsRevoked");
            row.HasKey("Id");
            row.HasIndex("ConsumerId");
            row.HasOne("GatewayKit.EntityFrameworkCore.Rows.ConsumerRow", null).WithMany().HasForeignKey("ConsumerId").OnDelete(DeleteBehavior.Cascade).IsRequired();
        });
    }
}
