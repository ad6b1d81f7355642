using System.Net;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Shipping;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.PostgreSqlTests;

/// <summary>A host that records what its endpoint serves, with its journal in a directory that outlives it.</summary>
internal sealed class AuditedGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client;

    private AuditedGateway(WebApplication app, string directory)
    {
        (_app, Directory) = (app, directory);
        _client = new(new SocketsHttpHandler()) { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
    }

    public static AuditSinkOptions Quick { get; } = new() { Interval = TimeSpan.FromMilliseconds(20), BatchRecords = 200, Timeout = TimeSpan.FromSeconds(5) };

    public string Directory { get; }

    public static async Task<AuditedGateway> StartAsync(string directory, Action<GatewayBuilder> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var gateway = builder.Services.AddApiGateway();
        builder.Services.Configure<GatewayOptions>(options =>
        {
            options.Journal = new JournalOptions { Directory = directory, Instance = "one" };
            options.DrainDelay = TimeSpan.Zero;
        });
        configure(gateway);
        var app = builder.Build();
        app.MapGet("/", static () => "served").WithAuditing(AuditDelivery.Guaranteed);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app, directory);
    }

    public async Task AskAsync(int times)
    {
        for (var time = 0; time < times; time++)
        {
            using var answer = await _client.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    /// <summary>All lines on the disk as (inst, boot, seq, h), in order.</summary>
    public static IReadOnlyList<string> Keys(string directory) =>
    [
        .. System.IO.Directory.GetDirectories(Path.Combine(directory, "one")).Where(static folder => Guid.TryParse(Path.GetFileName(folder), out _)).Order(StringComparer.Ordinal)
            .SelectMany(static boot => System.IO.Directory.GetFiles(boot, "*.gkal").Order(StringComparer.Ordinal).SelectMany(ReadShared).Select(line => JsonElement.Parse(line))
                .Select(line => $"one {Path.GetFileName(boot)} {line.GetProperty("seq").GetInt64()} {line.GetProperty("h").GetString()}")),
    ];

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static string[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
