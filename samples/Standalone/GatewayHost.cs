using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Logging.Console;

namespace Standalone;

/// <summary>The ASP.NET Core app: nothing but a gateway.</summary>
internal static class GatewayHost
{
    public static WebApplication Build(CommandLine line)
    {
        var builder = WebApplication.CreateSlimBuilder([.. line.HostArguments]);
        UseFile(builder.Configuration, Path.GetFullPath(line.Config));
        builder.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);

        // What goes wrong at start is said by Program, in a sentence.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);

        var certificates = ServerCertificate.Load(line);
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, null).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            foreach (var listener in line.Listeners)
            {
                listener.Listen(kestrel, certificates);
            }
        });

        builder.Services.AddApiGateway();
        var app = builder.Build();
        app.MapGatewayRoutes();
        return app;
    }

    /// <summary>Says where it listens, with the ports that were really taken.</summary>
    public static void PrintAddresses(WebApplication app, CommandLine line)
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        foreach (var (listener, address) in line.Listeners.Zip(addresses))
        {
            Console.WriteLine($"Listening on {listener.Scheme}{address[address.IndexOf("://", StringComparison.Ordinal)..]}");
        }
    }

    // Below the environment's variables, which may override a value of the file; instead of the appsettings.json of whatever folder this is started in.
    private static void UseFile(ConfigurationManager configuration, string file)
    {
        foreach (var source in configuration.Sources.OfType<JsonConfigurationSource>().ToArray())
        {
            configuration.Sources.Remove(source);
        }

        var json = new JsonConfigurationSource { Path = file, ReloadOnChange = true };
        json.ResolveFileProvider();
        configuration.Sources.Insert(0, json);
    }
}
