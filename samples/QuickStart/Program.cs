using QuickStart;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddApiGateway(builder.Configuration.GetSection("Gateway"));
builder.Services.AddSingleton<UpstreamServices>().AddHostedService(static services => services.GetRequiredService<UpstreamServices>());

// Two partners with keys. What each of them may, their plans, is in appsettings.json.
var partners = new Partners();
builder.Services.AddSingleton(partners).AddApiGateway().AddConsumers(partners.Consumers);

var app = builder.Build();

// The routes of appsettings.json, read again whenever it changes; and one in code.
app.MapGatewayRoutes();
app.MapGatewayRoute("/stock/{sku}", cluster: "catalog")
   .WithThrottling(requestsPerSecond: 10, burst: 20);

// The app's own endpoints live beside them and take the same policies.
app.MapGet("/", () => "The app's own page.\n");
app.MapGet("/report", () => new { Report = "made by the app itself" })
   .WithThrottling(requestsPerSecond: 1);

// What partners see of themselves: what they may call, what is left, when there is more.
app.MapGatewaySelfService().RequireApiKey();

// A demonstration: whoever asks can kill a service here, so nowhere but in development.
if (app.Environment.IsDevelopment())
{
    app.MapKillAndRevive();
}

app.Lifetime.ApplicationStarted.Register(() => ThingsToTry.Print(app));
app.Run();
