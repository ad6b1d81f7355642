using Polly;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>
/// The strategies that the host runs around each attempt of a cluster, innermost: from sending the request to the destination that was picked up to
/// the head of its answer. They are built once, and what they keep outlives reloads.
/// </summary>
internal sealed class AttemptStrategies(IEnumerable<AttemptStrategies.Configuration> configurations, TimeProvider time)
{
    private readonly Dictionary<string, Lazy<ResiliencePipeline<AttemptResult>>> _pipelines = configurations
        .GroupBy(static configuration => configuration.ClusterId, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static group => group.Key, group => new Lazy<ResiliencePipeline<AttemptResult>>(() => Build(group.Key, group, time)), StringComparer.OrdinalIgnoreCase);

    /// <summary>The clusters that the host has configured.</summary>
    public IEnumerable<string> Clusters => _pipelines.Keys;

    /// <returns><see langword="null"/> if there are none.</returns>
    public ResiliencePipeline<AttemptResult>? Of(string clusterId) =>
        _pipelines.Count > 0 && _pipelines.TryGetValue(clusterId, out var pipeline) ? pipeline.Value : null;

    private static ResiliencePipeline<AttemptResult> Build(string clusterId, IEnumerable<Configuration> configurations, TimeProvider time)
    {
        var builder = new ResiliencePipelineBuilder<AttemptResult> { Name = clusterId, TimeProvider = time };
        foreach (var configuration in configurations)
        {
            configuration.Configure(builder);
        }

        return builder.Build();
    }

    /// <summary>What <see cref="GatewayBuilder.ConfigureAttempts"/> was told.</summary>
    public sealed record Configuration(string ClusterId, Action<ResiliencePipelineBuilder<AttemptResult>> Configure);
}
