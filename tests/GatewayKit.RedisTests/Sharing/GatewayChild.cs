using System.Diagnostics;
using System.Runtime.CompilerServices;
using GatewayKit.Redis;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Quotas;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.RedisTests.Sharing;

/// <summary>A gateway in a process of its own: this assembly, told so by its environment before its tests could begin. It ends with its input.</summary>
internal sealed class GatewayChild : IAsyncDisposable
{
    // Each of them is a key of the child's configuration.
    private const string Prefix = "GATEWAYKIT_SHARING_CHILD_";
    private const string Marker = $"{Prefix}Redis__ConnectionString";

    private readonly Process _process;

    private GatewayChild(Process process, string address) => (_process, Client) = (process, new() { BaseAddress = new(address) });

    public HttpClient Client { get; }

    /// <summary>Starts one with a throttled route at <c>/</c>, and waits until it serves and Redis has answered it.</summary>
    /// <param name="redis">Where Redis is.</param>
    /// <param name="sharing">How the throttle of 100 an hour is shared.</param>
    /// <param name="patience">How long it waits for Redis.</param>
    public static async Task<GatewayChild> StartAsync(string redis, string sharing, TimeSpan patience)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add("exec");
            start.ArgumentList.Add(typeof(GatewayChild).Assembly.Location);
        }

        foreach (var (key, value) in ((string, string)[])
        [
            ("Redis__ConnectionString", redis), ("Redis__Timeout", $"{patience:c}"), ("Redis__ProbeInterval", "00:00:00.050"),
            ("Throttling__StoreTimeout", $"{patience:c}"), ("Quotas__StoreTimeout", $"{patience:c}"), ("Throttling__Instances", "2"),
            ("Gateway__Routes__shared__Match__Path", "/"), ("Gateway__Routes__shared__Respond__Status", "204"),
            ("Gateway__Routes__shared__Throttle__Limit", "100"), ("Gateway__Routes__shared__Throttle__Window", "01:00:00"), ("Gateway__Routes__shared__Throttle__Burst", "100"),
            ("Gateway__Routes__shared__Throttle__Sharing", sharing),
        ])
        {
            start.Environment[Prefix + key] = value;
        }

        var process = Process.Start(start)!;
        return new(process, await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The gateway does not start."));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

#pragma warning disable CA2255 // An entry of its own, which the runner's entry leaves no other place for.
    [ModuleInitializer]
    internal static void ServeIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Marker) is not null)
        {
            Serve();
            Environment.Exit(0);
        }
    }
#pragma warning restore CA2255

    // Nothing of this assembly may run on other threads: they would wait for the initializer. So all is said by configuration.
    private static void Serve()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.Configuration.AddEnvironmentVariables(Prefix);
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Logging.ClearProviders();
        builder.Services.Configure<ThrottlingOptions>(builder.Configuration.GetSection("Throttling"));
        builder.Services.Configure<QuotaOptions>(builder.Configuration.GetSection("Quotas"));
        builder.Services.AddApiGateway().AddRedis(builder.Configuration.GetSection("Redis"));
        var app = builder.Build();
        app.MapGatewayRoutes();
        app.StartAsync().GetAwaiter().GetResult();
        while (!app.Services.GetRequiredService<RedisLink>().IsUp)
        {
            app.Services.GetRequiredService<RedisLink>().Probe();
            Thread.Yield();
        }

        Console.WriteLine(app.Urls.First());
        Console.In.ReadToEnd();
        app.StopAsync().GetAwaiter().GetResult();
    }
}
