// An app with a gateway, as a user would write it; the tests that run it in process change nothing here.
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddApiGateway().AddCluster("orders", "http://10.0.0.5:8080");

var app = builder.Build();
app.MapGatewayRoute("/orders/{**rest}", cluster: "orders").WithThrottling(requestsPerSecond: 1, burst: 2);
app.MapGet("/report", () => "report").WithName("report").WithThrottling(requestsPerSecond: 1);
app.Run();

/// <summary>The entry point, for tests to name.</summary>
public partial class Program;
