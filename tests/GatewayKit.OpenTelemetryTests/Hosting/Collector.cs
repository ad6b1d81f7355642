using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetryTests.Hosting;

/// <summary>A receiver of log records on real sockets, over HTTP and gRPC, that answers as a test wants it to. What it confirms, it keeps.</summary>
internal sealed class Collector : LogsService.LogsServiceBase, IAsyncDisposable
{
    private readonly ConcurrentQueue<(Resource Resource, LogRecord Record)> _kept = new();
    private readonly ConcurrentQueue<Received> _requests = new();
    private WebApplication _app = null!;
    private volatile bool _isDown;

    /// <summary>Answers over HTTP that come before it does what it should.</summary>
    public ConcurrentQueue<Func<HttpResponse, Task>> Answers { get; } = new();

    /// <summary>The same over gRPC, below what makes an answer one of gRPC.</summary>
    public ConcurrentQueue<Func<HttpResponse, Task>> RawAnswers { get; } = new();

    /// <summary>Failures over gRPC that come before it does what it should.</summary>
    public ConcurrentQueue<RpcException> Failures { get; } = new();

    /// <summary>Records that make it refuse the request they are in.</summary>
    public Func<LogRecord, bool> Refuses { get; set; } = static _ => false;

    /// <summary>Records that it leaves out of those it takes, and says so.</summary>
    public Func<LogRecord, bool> LeavesOut { get; set; } = static _ => false;

    /// <summary>What it does with a request in hand before it answers.</summary>
    public Func<CancellationToken, Task> Holds { get; set; } = static _ => Task.CompletedTask;

    /// <summary>What it does when it has kept the records and has not said so.</summary>
    public Func<CancellationToken, Task> Confirms { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Breaks connections off instead of answering.</summary>
    public bool IsDown
    {
        get => _isDown;
        set => _isDown = value;
    }

    public IReadOnlyList<(Resource Resource, LogRecord Record)> Kept => [.. _kept];

    public IReadOnlyList<Received> Requests => [.. _requests];

    /// <summary>All lines it has, as (inst, boot, seq, h), in order.</summary>
    public IReadOnlyList<string> Lines =>
    [
        .. _kept.Where(static kept => kept.Record.EventName is not "gatewaykit.audit.checkpoint").Select(static kept => kept.Record)
            .Select(static record => (Name: record.Text("log.record.uid").Split('/'), Sequence: record.Value("gatewaykit.audit.seq").IntValue, Hash: record.Text("gatewaykit.audit.h")))
            .OrderBy(static line => line.Name[1], StringComparer.Ordinal).ThenBy(static line => line.Sequence).Select(static line => $"{line.Name[0]} {line.Name[1]} {line.Sequence} {line.Hash}"),
    ];

    public Uri Address(OtlpExportProtocol protocol) => Addresses[protocol is OtlpExportProtocol.Grpc ? 1 : 0];

    private Uri[] Addresses => [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address))];

    public static async Task<Collector> StartAsync(X509Certificate2? certificate = null)
    {
        var collector = new Collector();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(collector);
        builder.Services.AddGrpc(static options => options.MaxReceiveMessageSize = null);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            Listen(HttpProtocols.Http1);
            Listen(HttpProtocols.Http2);

            void Listen(HttpProtocols protocols) => kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = protocols;
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        collector._app = builder.Build();
        collector._app.Use((context, next) =>
        {
            if (collector.IsDown)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            return HttpProtocol.IsHttp2(context.Request.Protocol) && collector.RawAnswers.TryDequeue(out var answer) ? answer(context.Response) : next(context);
        });
        collector._app.MapGrpcService<Collector>();
        collector._app.MapPost("/v1/logs", collector.ReceiveAsync);
        await collector._app.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    public override async Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        _requests.Enqueue(new(Copy(http.Request), [.. Records(request)], http.Request.ContentLength));
        await Holds(context.CancellationToken);
        return Failures.TryDequeue(out var failure) ? throw failure
            : Records(request).Any(Refuses) ? throw new RpcException(new(StatusCode.InvalidArgument, "a record that quotes itself"))
            : await KeepAsync(request, context.CancellationToken);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        var stream = http.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(http.Request.Body, CompressionMode.Decompress) : http.Request.Body;
        await stream.CopyToAsync(body, http.RequestAborted);
        var request = ExportLogsServiceRequest.Parser.ParseFrom(body.GetBuffer().AsSpan(0, (int)body.Length));
        _requests.Enqueue(new(Copy(http.Request), [.. Records(request)], http.Request.ContentLength));
        await Holds(http.RequestAborted);
        if (Answers.TryDequeue(out var answer))
        {
            await answer(http.Response);
            return;
        }

        if (Records(request).Any(Refuses))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var confirmation = await KeepAsync(request, http.RequestAborted);
        http.Response.ContentType = "application/x-protobuf";
        await http.Response.Body.WriteAsync(confirmation.ToByteArray(), http.RequestAborted);
    }

    private async Task<ExportLogsServiceResponse> KeepAsync(ExportLogsServiceRequest request, CancellationToken aborted)
    {
        var confirmation = Keep(request);
        await Confirms(aborted);
        return confirmation;
    }

    private ExportLogsServiceResponse Keep(ExportLogsServiceRequest request)
    {
        var left = 0;
        foreach (var logs in request.ResourceLogs)
        {
            foreach (var record in logs.ScopeLogs.SelectMany(static scope => scope.LogRecords))
            {
                if (LeavesOut(record))
                {
                    left++;
                }
                else
                {
                    _kept.Enqueue((logs.Resource, record));
                }
            }
        }

        return left is 0 ? new() : new() { PartialSuccess = new() { RejectedLogRecords = left, ErrorMessage = "it quotes a record" } };
    }

    private static IEnumerable<LogRecord> Records(ExportLogsServiceRequest request) => request.ResourceLogs.SelectMany(static logs => logs.ScopeLogs).SelectMany(static scope => scope.LogRecords);

    private static Dictionary<string, string> Copy(HttpRequest request) => request.Headers.ToDictionary(static header => header.Key, static header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
}

/// <summary>A request that came.</summary>
internal sealed record Received(IReadOnlyDictionary<string, string> Headers, IReadOnlyList<LogRecord> Records, long? Bytes);

/// <summary>Attributes by name.</summary>
internal static class LogRecordExtensions
{
    public static AnyValue Value(this LogRecord record, string name) => Assert.Single(record.Attributes, attribute => attribute.Key == name).Value;

    public static string Text(this LogRecord record, string name) => record.Value(name).StringValue;
}
