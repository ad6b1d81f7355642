using System.Text.Json;
using GatewayKit.Auditing.Journal;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>A gateway that records, in front of one destination, with its journal in a folder of its own.</summary>
internal sealed class AuditedHost : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-audit-");

    private AuditedHost()
    {
    }

    public TestHost Gateway { get; private set; } = null!;

    public TestHost Upstream { get; private set; } = null!;

    public string Folder => _directory.FullName;

    public HttpClient Client => Gateway.Client;

    public static async Task<AuditedHost> StartAsync(
        RequestDelegate? handler = null, Action<WebApplication>? map = null, Action<GatewayBuilder>? services = null, Func<JournalOptions, JournalOptions>? journal = null, HttpProtocols protocols = HttpProtocols.Http1)
    {
        var host = new AuditedHost();
        host.Upstream = await TestHost.StartAsync(
            map: app =>
            {
                app.UseWebSockets();
                app.Run(handler ?? (static context => context.Response.WriteAsync("served")));
            },
            protocols: protocols);
        host.Gateway = await TestHost.StartAsync(
            builder =>
            {
                var gateway = builder.Services.AddApiGateway().AddUpstream(host.Upstream.Address, protocols);

                // With an anchor, which Strict has to have.
                var options = new JournalOptions { Directory = host._directory.FullName, LogCheckpoints = true };
                builder.Services.Configure<GatewayOptions>(gateway => gateway.Journal = journal?.Invoke(options) ?? options);
                services?.Invoke(gateway);
            },
            map ?? (static app => app.MapGatewayRoute("/{**rest}", cluster: "up").WithAuditing()),
            protocols);
        return host;
    }

    /// <summary>Stops the gateway, so that every line is written, and reads all of them.</summary>
    public async Task<IReadOnlyList<JsonElement>> StopAndReadAsync()
    {
        // Before the client goes: a request that is not over for the server would count as left.
        await Gateway.App.StopAsync();
        await Gateway.DisposeAsync();
        return Read();
    }

    /// <summary>The lines of requests only, in the order in which the requests came, each end behind its beginning: in the journal a line that nobody waits for comes behind others that somebody does.</summary>
    public async Task<IReadOnlyList<JsonElement>> StopAndReadRequestsAsync() =>
    [
        .. (await StopAndReadAsync()).Where(static line => line.GetProperty("kind").GetString() is "begin" or "end")
            .GroupBy(static line => line.GetProperty("rid").GetString())
            .OrderBy(static request => request.Min(static line => line.GetProperty("mono").GetInt64())).SelectMany(static request => request),
    ];

    public string ReadText() => string.Concat(Segments().Select(ReadShared));

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Upstream.DisposeAsync();
        foreach (var file in _directory.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            file.IsReadOnly = false;
        }

        _directory.Delete(recursive: true);
    }

    public IReadOnlyList<JsonElement> Read() =>
        [.. ReadText().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonElement.Parse(line))];

    private IEnumerable<string> Segments() =>
        _directory.EnumerateFiles("*" + JournalPaths.Segment, SearchOption.AllDirectories).Select(static file => file.FullName).Order(StringComparer.Ordinal);

    private static string ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
