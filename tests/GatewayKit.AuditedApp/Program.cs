// An app whose journal goes to a collector, for tests that kill it: the directory of the journal, the address of the collector, and HttpProtobuf or Grpc.
using GatewayKit;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using OpenTelemetry.Exporter;

var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.Services.AddApiGateway().AddOtlpAudit(new()
{
    Address = new(args[1]),
    Protocol = Enum.Parse<OtlpExportProtocol>(args[2]),
    Sink = new() { Interval = TimeSpan.FromMilliseconds(20), BatchRecords = 50 },
});
builder.Services.Configure<GatewayOptions>(options => options.Journal = new JournalOptions { Directory = args[0], Instance = "one" });

var app = builder.Build();
app.MapGet("/", static () => "served").WithAuditing(AuditDelivery.Guaranteed);
app.Run();
