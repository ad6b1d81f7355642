using GatewayKit.Benchmarks.Targets;

var builder = TargetHost.CreateBuilder(args);
await using var log = new AccessLog(builder.AccessLogFile());
builder.Services.AddSingleton(log);
builder.Configuration["Gateway:Clusters:upstream:Destinations:1:Address"] = builder.Upstream();
if (builder.Configuration["audit"] is { } delivery)
{
    builder.Configuration["Gateway:Defaults:Audit:Delivery"] = delivery;
    builder.Configuration["Gateway:Journal:Directory"] = builder.Configuration["journal"];
    builder.Configuration["Gateway:Journal:LogCheckpoints"] = "true";
}

builder.Services.AddApiGateway(builder.Configuration.GetSection("Gateway"))
    .AddPolicy<KeyPolicy, KeyFilterFactory>("Key")
    .AddPolicy<RecordPolicy, RecordFilterFactory>("Record");

var app = builder.Build();
app.MapGatewayRoutes();
await TargetHost.RunAsync(app);
