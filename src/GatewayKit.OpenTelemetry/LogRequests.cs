using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace GatewayKit.OpenTelemetry;

/// <summary>
/// Has the OpenTelemetry SDK write requests of log records, and hands them over instead of sending them. Sending is left to <see cref="CollectorClient"/>, because the SDK's export blocks a thread, ends
/// for no token, tells nothing of what a collector answered, and may be told by the environment to try again for ever or to keep records in a directory of its own. See decision 0010. Not
/// thread-safe.
/// </summary>
internal sealed class LogRequests : IDisposable
{
    // No request is sent there. An address of its own keeps it apart from exporters of the host that share something by address.
    private static readonly Uri Nowhere = new("https://gatewaykit-audit.invalid/v1/logs");

    private readonly RequestTaker _taker = new();
    private readonly RecordStamp _stamp;
    private readonly BatchExport _export;
    private readonly BatchLogRecordExportProcessor _processor;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;

    /// <summary>Makes one for an instance.</summary>
    /// <param name="options">The options.</param>
    /// <param name="instance">The instance whose records they are.</param>
    /// <param name="application">The name of the host's application.</param>
    public LogRequests(OtlpAuditOptions options, string instance, string? application)
    {
        var exporter = new OtlpLogExporter(new OtlpExporterOptions
        {
            Endpoint = Nowhere,
            Protocol = options.Protocol,
            Compression = options.Compression,
#pragma warning disable RS0030 // What the SDK asks for. It sends nothing.
            HttpClientFactory = () => new HttpClient(_taker) { Timeout = Timeout.InfiniteTimeSpan },
#pragma warning restore RS0030

            // Said, so that variables of the environment that are meant for the host's telemetry do not count: they may have its secrets.
            Headers = string.Empty,
            TimeoutMilliseconds = int.MaxValue,
        });
        _stamp = new(exporter);
        _export = new(exporter);

        // It exports when it is told to, and never for itself: not when its queue is full, because there is room for one more than come at once, and not by the clock.
        MostRecords = options.Sink.BatchRecords;
        _processor = new(_export, maxQueueSize: MostRecords + 1, scheduledDelayMilliseconds: int.MaxValue, exporterTimeoutMilliseconds: int.MaxValue, maxExportBatchSize: MostRecords + 1);
        var resource = ResourceOf(options.ServiceName, instance, application);
        _loggers = LoggerFactory.Create(logging => logging.AddOpenTelemetry(telemetry => telemetry.SetResourceBuilder(resource).AddProcessor(_stamp).AddProcessor(_processor)));
        _logger = _loggers.CreateLogger("GatewayKit.Auditing");
    }

    /// <summary>How many records can be written at once.</summary>
    public int MostRecords { get; }

    /// <summary>Writes records.</summary>
    /// <param name="records">The records, one at least and <see cref="MostRecords"/> at most.</param>
    /// <param name="now">When they were read.</param>
    /// <param name="cancellationToken">Ends the waiting; it cannot be used any longer then.</param>
    /// <returns>One request as a rule; none if they cannot be written, or are too large for one.</returns>
    /// <exception cref="InvalidOperationException">The SDK takes no records; it cannot be used any longer.</exception>
    public async Task<IReadOnlyList<LogRequest>> WriteAsync(IReadOnlyList<AuditLogRecord> records, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var written = _export.Expect(records.Count);
        var stamped = _stamp.Count + records.Count;
        foreach (var record in records)
        {
            _stamp.Record = (record, now.UtcDateTime);
            _logger.Log(record.Level, new EventId(0, record.EventName), record.Attributes, exception: null, static (_, _) => string.Empty);
        }

        if (_stamp.Count != stamped)
        {
            throw new InvalidOperationException("The OpenTelemetry SDK takes no log records: it is disabled, or instrumentation is suppressed where the shipper runs.");
        }

        // 0: it is told to begin, and not waited for; that would block a thread.
        _processor.ForceFlush(0);
        await written.WaitAsync(cancellationToken).ConfigureAwait(false);
        return _taker.Take();
    }

    public void Dispose() => _loggers.Dispose();

    private static ResourceBuilder ResourceOf(string? service, string instance, string? application)
    {
        // In this order, the last one counts: the environment, unless the host says otherwise.
        var resource = ResourceBuilder.CreateEmpty();
        if (application is not null)
        {
            resource.AddAttributes([new("service.name", application)]);
        }

        resource.AddTelemetrySdk().AddEnvironmentVariableDetector();
        if (service is not null)
        {
            resource.AddAttributes([new("service.name", service)]);
        }

        return resource.AddAttributes([new("service.instance.id", instance)]);
    }

    /// <summary>Gives a record what a logger cannot give it. It is also what tells the exporter its resource, which the SDK does through the processor that has it.</summary>
    private sealed class RecordStamp(OtlpLogExporter exporter) : BaseExportProcessor<LogRecord>(exporter)
    {
        public (AuditLogRecord Record, DateTime Observed) Record { get; set; }

        public long Count { get; private set; }

        protected override void OnExport(LogRecord data)
        {
            var (record, observed) = Record;
            data.Timestamp = record.Time;
            data.ObservedTimestamp = observed;
            data.TraceId = record.TraceId;
            data.SpanId = record.SpanId;
            data.TraceFlags = default;
            data.FormattedMessage = record.Body;
            Count++;
        }
    }

    /// <summary>Exports on the SDK's thread, and says when all of a batch is through.</summary>
    private sealed class BatchExport(OtlpLogExporter exporter) : BaseExporter<LogRecord>
    {
        private long _missing;
        private TaskCompletionSource _written = new();

        /// <summary>Done when so many records are through.</summary>
        public Task Expect(int records)
        {
            _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _missing, records);
            return _written.Task;
        }

        public override ExportResult Export(in Batch<LogRecord> batch)
        {
            var result = exporter.Export(batch);
            if (Interlocked.Add(ref _missing, -batch.Count) <= 0)
            {
                _written.TrySetResult();
            }

            return result;
        }
    }
}
