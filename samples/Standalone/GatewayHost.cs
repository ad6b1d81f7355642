using GatewayKit;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Logging.Console;

namespace Standalone;

/// <summary>The ASP.NET Core app: nothing but a gateway.</summary>
internal static class GatewayHost
{
    public static WebApplication Build(CommandLine line, Action<GatewayBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder([.. line.HostArguments]);
        UseFile(builder.Configuration, Path.GetFullPath(line.Config));
        ConfigureLog(builder.Logging, line);
        var certificates = ServerCertificate.Load(line);
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, null).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Bodies stream through; how large one may be is for the destination to say.
            kestrel.Limits.MaxRequestBodySize = null;
            foreach (var listener in line.Listeners)
            {
                listener.Listen(kestrel, certificates);
            }
        });

        var gateway = builder.Services.AddApiGateway(RequiredSection(builder.Configuration, line.Config));
        configure?.Invoke(gateway);
        if (line.OnlyChecks)
        {
            gateway.CheckOnly().Services.AddSingleton<IServer, ConfigurationCheck.NoServer>();
        }

        builder.Services.AddHealthChecks().AddGatewayReadiness();
        var app = builder.Build();
        app.MapGatewayRoutes();
        if (line.Readiness is not null)
        {
            app.MapHealthChecks(line.Readiness);
        }

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

    /// <summary>All that an exception about the file says; the innermost one knows the line.</summary>
    public static string Explain(Exception exception) =>
        exception.InnerException is { } inner ? $"{exception.Message} {Explain(inner)}" : exception.Message;

    /// <summary>The section of the gateway. An app may have its routes in code; here a file without the section is a mistake, such as a misspelled name.</summary>
    /// <exception cref="InvalidDataException">It is not there.</exception>
    public static IConfigurationSection RequiredSection(IConfiguration configuration, string file) =>
        configuration.GetSection("Gateway") is var section && section.Exists()
            ? section
            : throw new InvalidDataException($"{file} has no section \"Gateway\". A gateway without routes says \"Gateway\": {{ \"Routes\": {{}} }}.");

    private static void ConfigureLog(ILoggingBuilder log, CommandLine line)
    {
        log.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (line.OnlyChecks)
        {
            log.ClearProviders();
        }

        // What goes wrong at start is said by Program, in a sentence.
        log.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        log.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        log.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }

    // Below the environment's variables, which may override a value of the file; instead of the appsettings.json of whatever folder this is started in.
    private static void UseFile(ConfigurationManager configuration, string file)
    {
        foreach (var source in configuration.Sources.OfType<JsonConfigurationSource>().ToArray())
        {
            configuration.Sources.Remove(source);
        }

        var loaded = false;
        var json = new JsonConfigurationSource { Path = file, ReloadOnChange = true };
        json.ResolveFileProvider();

        // At start a broken file is the end. Later it reads as empty, which the gateway rejects; what broke it is known here only.
        json.OnLoadException = failure =>
        {
            failure.Ignore = loaded;
            if (loaded)
            {
                Console.Error.WriteLine(Explain(failure.Exception));
            }
        };
        configuration.Sources.Insert(0, json);
        loaded = true;
    }
}
