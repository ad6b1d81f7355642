using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Pipeline;

/// <summary>Writes every pipeline to the log at Debug: one entry for each at start, and after a reload for those that are new or changed.</summary>
internal sealed partial class PipelineLog(GatewayInspector inspector, EndpointDataSource endpoints, ILogger<PipelineLog> logger) : IDisposable
{
    private readonly Lock _lock = new();
    private HashSet<string> _known = [];
    private IDisposable? _changes;

    public void Start()
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            _changes = ChangeToken.OnChange(endpoints.GetChangeToken, Write);
            Write();
        }
    }

    public void Dispose() => _changes?.Dispose();

    // Compared as text: the framework builds the host's endpoints anew on every change (A7).
    private void Write()
    {
        lock (_lock)
        {
            var current = inspector.Pipelines.Select(static pipeline => pipeline.Describe()).ToHashSet();
            foreach (var pipeline in current.Where(pipeline => !_known.Contains(pipeline)))
            {
                Log.Composed(logger, pipeline);
            }

            _known = current;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.PipelineComposed, LogLevel.Debug, "Pipeline {Pipeline}.")]
        public static partial void Composed(ILogger logger, string pipeline);
    }
}
