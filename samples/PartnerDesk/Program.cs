using GatewayKit;
using Microsoft.EntityFrameworkCore;

var builder = WebApplication.CreateBuilder(args);

// Partners live in a database, which is made at the first start. What they can be given, plans and products, is in appsettings.json.
builder.Services.AddApiGateway(builder.Configuration.GetSection("Gateway"))
    .AddEntityFrameworkConsumers(options => options.UseSqlite(builder.Configuration.GetConnectionString("Consumers")));

// Administrators bring a token with a role. In development `dotnet user-jwts` makes them; elsewhere Authentication:Schemes:Bearer names the issuer.
builder.Services.AddAuthentication().AddJwtBearer();
builder.Services.AddAuthorizationBuilder().AddPolicy("gateway-admin", policy => policy.RequireRole("gateway-admin"));

var app = builder.Build();
app.MapGatewayRoutes();
app.MapGatewayAdmin(policy: "gateway-admin");
app.Run();
