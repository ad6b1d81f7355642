using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace GatewayKit.Benchmarks.Targets;

/// <summary>
/// A web application that is measured from outside. It listens on loopback, says <c>ready</c> on its output and then answers the
/// commands that come on its input; at the end of the input it stops, so that no target outlives the run.
/// </summary>
internal static class TargetHost
{
    /// <summary>The settings that all .NET targets share.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(int.Parse(Required(builder, "port"), CultureInfo.InvariantCulture)));
        builder.Logging.ClearProviders();
        if (builder.Configuration["logging"] is not "off")
        {
            // As most apps run in production. That a logger is there at all makes the server create an activity per request.
            builder.Logging.SetMinimumLevel(LogLevel.Warning);
            builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
            builder.Logging.AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        }

        return builder;
    }

    /// <summary>The address of the server behind the proxies.</summary>
    public static string Upstream(this WebApplicationBuilder builder) => Required(builder, "upstream");

    /// <summary>Where the access records of the <c>features</c> case go.</summary>
    public static string AccessLogFile(this WebApplicationBuilder builder) => Required(builder, "access-log");

    public static async Task RunAsync(WebApplication app)
    {
        await app.StartAsync();
        Console.WriteLine($"ready {RuntimeInformation.FrameworkDescription}, {(GCSettings.IsServerGC ? "server" : "workstation")} GC");
        // The console reads synchronously, so it gets a thread; a signal ends the process as well as the end of the input.
        await Task.WhenAny(Task.Run(ServeCommandsAsync), app.WaitForShutdownAsync());
        await app.StopAsync();
    }

    private static async Task ServeCommandsAsync()
    {
        using var sampler = new AllocationSampler();
        while (await Console.In.ReadLineAsync() is { } command)
        {
            switch (command)
            {
                case "allocated":
                    Console.WriteLine(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
                    break;
                case "sample":
                    sampler.Start();
                    break;
                case "samples":
                    foreach (var (type, bytes, count) in sampler.Stop())
                    {
                        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bytes}\t{count}\t{type}"));
                    }

                    Console.WriteLine("end");
                    break;
            }
        }
    }

    private static string Required(WebApplicationBuilder builder, string key) =>
        builder.Configuration[key] ?? throw new InvalidOperationException($"--{key} is missing.");
}
