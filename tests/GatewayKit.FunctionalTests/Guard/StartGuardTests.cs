using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Guard;

// Switches are the process's: nothing else may start meanwhile.
[CollectionDefinition(nameof(StartGuardTests), DisableParallelization = true)]
public sealed class SwitchesOfTheProcess;

/// <summary>A host that would make the gateway unsafe does not start, or says so.</summary>
[Collection(nameof(StartGuardTests))]
public sealed class StartGuardTests
{
    private const string Any = """{ "Routes": { "a": { "Match": { "Path": "/" }, "Respond": {} } } }""";

    [Theory]
    [InlineData("EnableInsecureChunkedRequestParsing", "insecure-chunked-parsing")]
    [InlineData("AllowKeepAliveAfterCLTE", "keep-alive-after-two-lengths")]
    public async Task Insecure_switch_stops_the_start(string name, string id)
    {
        using var on = new Switch(name, true);
        Assert.Equal([id], await IdsAsync());
        Assert.Empty(await IdsAsync(acknowledged: id));
    }

    [Fact]
    public async Task Lenient_line_ends_are_logged()
    {
        using var off = new Switch("DisableHttp1LineFeedTerminators", false);
        using var log = new LogRecorder();
        Assert.Empty(await IdsAsync(log: log));
        var entry = Assert.Single(log.Take(1600));
        Assert.Equal(LogLevel.Warning, entry.Level);
        Assert.Contains("Unsafe (lenient-line-ends)", entry.Message, StringComparison.Ordinal);

        Assert.Empty(await IdsAsync(acknowledged: "lenient-line-ends", log: log));
        Assert.Empty(log.Take(1600));
    }

    [Fact]
    public async Task Host_as_it_should_be_says_nothing()
    {
        using var log = new LogRecorder();
        Assert.Empty(await IdsAsync(log: log));
        Assert.Empty(log.Take(1600));
    }

    // What the framework makes of ASPNETCORE_FORWARDEDHEADERS_ENABLED, whose prefix its own configuration takes off.
    [Theory]
    [InlineData("true", null, true)]
    [InlineData("TRUE", null, true)]
    [InlineData("false", null, false)]
    [InlineData("true", "open-forwarded-headers", false)]
    public async Task Forwarded_headers_from_everybody_stop_the_start(string value, string? acknowledged, bool stops)
    {
        var builder = WebApplication.CreateSlimBuilder([$"--ForwardedHeaders_Enabled={value}", "--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddApiGateway(options => options.AcknowledgedRisks = acknowledged is null ? [] : [acknowledged]);
        await using var app = builder.Build();
        app.MapGatewayRoutes();
        if (stops)
        {
            var refusal = await Assert.ThrowsAsync<GatewayConfigurationException>(() => app.StartAsync());
            Assert.Equal("Host:open-forwarded-headers", Assert.Single(refusal.Errors).Path);
            return;
        }

        await app.StartAsync();
        await app.StopAsync();
    }

    [Theory]
    [InlineData("default")]
    [InlineData("named by an endpoint")]
    [InlineData("on an endpoint")]
    [InlineData("on a gateway route")]
    public async Task Credentials_for_any_origin_stop_the_start(string where)
    {
        static void Open(CorsPolicyBuilder policy) => policy.SetIsOriginAllowed(static _ => true).AllowCredentials();
        var ids = await IdsAsync(
            build: builder => builder.Services.AddCors(options =>
            {
                options.AddPolicy("named", Open);
                if (where is "default")
                {
                    options.AddDefaultPolicy(Open);
                }
            }),
            map: app =>
            {
                app.UseCors();
                switch (where)
                {
                    case "named by an endpoint":
                        app.MapGet("/own", static () => "own").RequireCors("named");
                        break;
                    case "on an endpoint":
                        app.MapGet("/own", static () => "own").RequireCors(Open);
                        break;
                    case "on a gateway route":
                        app.MapGatewayRoutes().RequireCors("named");
                        break;
                }
            });
        Assert.Equal(["credentials-for-any-origin"], ids);
    }

    [Fact]
    public async Task Settings_of_the_server_are_logged()
    {
        using var log = new LogRecorder();
        Assert.Empty(await IdsAsync(
            build: static builder => builder.WebHost.ConfigureKestrel(static options =>
            {
                (options.AllowSynchronousIO, options.AllowHostHeaderOverride) = (true, true);
                options.Limits.MinResponseDataRate = null;
            }),
            log: log));
        Assert.Equal(
            ["Unsafe (host-override)", "Unsafe (no-server-limits)", "Unsafe (synchronous-io)"],
            log.Take(1600).Select(static entry => entry.Message[..entry.Message.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("Production", null, false)]
    [InlineData("Staging", null, false)]
    [InlineData("Development", null, true)]
    [InlineData("Production", "unverified-destination", true)]
    public async Task Destination_that_nobody_verifies_is_for_development(string environment, string? acknowledged, bool starts)
    {
        const string Path = "Gateway:Clusters:up:Tls:DangerousAcceptAnyServerCertificate";
        const string Unverified = """
            { "Clusters": { "up": { "Destinations": { "a": { "Address": "https://10.0.0.1" } }, "Tls": { "DangerousAcceptAnyServerCertificate": true } } } }
            """;
        var errors = await ErrorsAsync(Unverified, acknowledged, builder => builder.Environment.EnvironmentName = environment);
        Assert.Equal(starts ? [] : [Path], errors.Select(static error => error.Path));
    }

    [Fact]
    public async Task Reload_cannot_bring_a_destination_that_nobody_verifies()
    {
        await using var gateway = await TestHost.GatewayAsync(Any);
        var errors = gateway.App.Services.GetRequiredService<GatewayConfigurator>().Validate(new RouteSet
        {
            Clusters = [new() { Id = "up", Destinations = new Dictionary<string, GatewayKit.Clusters.Destination> { ["a"] = new() { Address = new("https://10.0.0.1") } }, Tls = new() { DangerousAcceptAnyServerCertificate = true } }],
        });
        Assert.EndsWith("up:Tls:DangerousAcceptAnyServerCertificate", Assert.Single(errors).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Risks_and_errors_of_the_configuration_are_told_at_once()
    {
        using var on = new Switch("AllowKeepAliveAfterCLTE", true);
        var errors = await ErrorsAsync("""{ "AcknowledgedRisks": [ "lenient-line-end", "nothing-of-the-kind" ], "Routes": { "a": { "Match": { "Pth": "/" } } } }""", null);

        Assert.Equal(
            ["Gateway:AcknowledgedRisks", "Gateway:AcknowledgedRisks", "Gateway:Routes:a:Match:Pth", "Host:keep-alive-after-two-lengths"],
            errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
        Assert.Contains(errors, static error => error.Message.Contains("Did you mean 'lenient-line-ends'?", StringComparison.Ordinal));
        Assert.Contains(errors, static error => error.Message.Contains("There are: open-forwarded-headers, ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Risk_can_be_acknowledged_in_the_configuration()
    {
        using var on = new Switch("AllowKeepAliveAfterCLTE", true);
        Assert.Empty(await ErrorsAsync("""{ "AcknowledgedRisks": [ "keep-alive-after-two-lengths" ] }""", null));
    }

    private static async Task<IEnumerable<string>> IdsAsync(
        string? acknowledged = null, Action<WebApplicationBuilder>? build = null, Action<WebApplication>? map = null, LogRecorder? log = null)
    {
        var errors = await ErrorsAsync(Any, acknowledged, build, map, log);
        return errors.Select(static error => error.Path.Replace("Host:", string.Empty, StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<ConfigurationError>> ErrorsAsync(
        string json, string? acknowledged, Action<WebApplicationBuilder>? build = null, Action<WebApplication>? map = null, LogRecorder? log = null)
    {
        try
        {
            await using var gateway = await TestHost.StartAsync(
                builder =>
                {
                    builder.Configuration.AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes($"{{ \"Gateway\": {json} }}")));
                    if (log is not null)
                    {
                        builder.Logging.AddProvider(log);
                    }

                    builder.Services.AddApiGateway();
                    if (acknowledged is not null)
                    {
                        builder.Services.Configure<GatewayOptions>(options => options.AcknowledgedRisks = [acknowledged]);
                    }

                    build?.Invoke(builder);
                },
                app =>
                {
                    map?.Invoke(app);
                    app.MapGatewayRoutes();
                });
            return [];
        }
        catch (GatewayConfigurationException refusal)
        {
            return refusal.Errors;
        }
    }

    private sealed class Switch : IDisposable
    {
        private readonly string _name;
        private readonly bool _before;

        public Switch(string name, bool value)
        {
            _name = "Microsoft.AspNetCore.Server.Kestrel." + name;
            AppContext.TryGetSwitch(_name, out _before);
            AppContext.SetSwitch(_name, value);
        }

        public void Dispose() => AppContext.SetSwitch(_name, _before);
    }
}
