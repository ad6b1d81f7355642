using System.Diagnostics;
using System.Threading.RateLimiting;
using GatewayKit.Benchmarks.Targets;

var builder = TargetHost.CreateBuilder(args);
builder.Services.AddRateLimiter(static limiter => limiter.AddPolicy("per-key", static context => RateLimitPartition.GetTokenBucketLimiter(
    context.Request.Headers[ApiKeys.Header].ToString(),
    static _ => new()
    {
        TokenLimit = 1_000_000,
        TokensPerPeriod = 1_000_000,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    })));
builder.Configuration["ReverseProxy:Clusters:upstream:Destinations:1:Address"] = builder.Upstream();
builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
await using var log = new AccessLog(builder.AccessLogFile());

var app = builder.Build();
if (builder.Configuration["record"] is "all")
{
    var lines = new JsonLog(builder.AccessLogFile() + ".json");
    app.Lifetime.ApplicationStopped.Register(lines.Dispose);
    app.Use(async (context, next) =>
    {
        var started = Stopwatch.GetTimestamp();
        await next(context);
        lines.Add(context, Stopwatch.GetElapsedTime(started));
    });
}

app.UseWhen(static context => context.Request.Path.StartsWithSegments("/features"), branch => branch.Use(async (context, next) =>
{
    var started = Stopwatch.GetTimestamp();
    if (ApiKeys.Accept(context.Request))
    {
        await next(context);
    }
    else
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
    }

    log.Add(context, Stopwatch.GetElapsedTime(started));
}));
app.UseRouting();
app.UseRateLimiter();
app.MapReverseProxy();
await TargetHost.RunAsync(app);
