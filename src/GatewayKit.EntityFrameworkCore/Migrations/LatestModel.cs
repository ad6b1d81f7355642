using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace GatewayKit.EntityFrameworkCore.Migrations;

/// <summary>The model that the migrations lead to.</summary>
[DbContext(typeof(GatewayConsumersDbContext))]
internal sealed class LatestModel : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder) => SigningKeys.Model(modelBuilder);
}
