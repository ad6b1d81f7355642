using GatewayKit.Benchmarks.Targets;
using GatewayKit.Routing;

var builder = TargetHost.CreateBuilder(args);
await using var log = new AccessLog(builder.AccessLogFile());
builder.Services.AddSingleton(log);
builder.Services.AddApiGateway()
    .AddPolicy<KeyPolicy, KeyFilterFactory>("Key")
    .AddPolicy<RecordPolicy, RecordFilterFactory>("Record")
    .AddCluster("upstream", builder.Upstream())
    .AddRoutes(
        new GatewayRoute { Id = "all", Match = new() { Path = "/{**rest}" }, Cluster = "upstream" },
        new GatewayRoute
        {
            Id = "features",
            Match = new() { Path = "/features/{**rest}" },
            Cluster = "upstream",
            Policies = [new RecordPolicy(), new KeyPolicy()],
        });

var app = builder.Build();
app.MapGatewayRoutes();
await TargetHost.RunAsync(app);
