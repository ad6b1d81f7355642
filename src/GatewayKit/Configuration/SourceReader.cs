namespace GatewayKit.Configuration;

/// <summary>Reads the sources. One that fails becomes errors like any other.</summary>
internal sealed class SourceReader(IEnumerable<IRouteSource> sources, ConfigurationTelemetry telemetry)
{
    /// <summary>All of them; one that is registered twice is there once.</summary>
    public IReadOnlyList<IRouteSource> Sources { get; } = [.. sources.Distinct<IRouteSource>(ReferenceEqualityComparer.Instance)];

    /// <summary>Reads every source, except those whose content is given.</summary>
    public async Task<List<SourcedSet>> ReadAsync(IReadOnlyDictionary<IRouteSource, RouteSet> given, List<ConfigurationError> errors, CancellationToken cancellationToken)
    {
        var sets = new List<SourcedSet>(Sources.Count);
        foreach (var source in Sources)
        {
            sets.Add(given.TryGetValue(source, out var set)
                ? new(source.Name, set)
                : await ReadAsync(source, errors, cancellationToken).ConfigureAwait(false));
        }

        return sets;
    }

    private async Task<SourcedSet> ReadAsync(IRouteSource source, List<ConfigurationError> errors, CancellationToken cancellationToken)
    {
        try
        {
            return new(source.Name, await source.LoadAsync(cancellationToken).ConfigureAwait(false) ?? throw new InvalidOperationException("It returned null."));
        }
        catch (GatewayConfigurationException exception)
        {
            errors.AddRange(exception.Errors);
            return new(source.Name, exception.Understood ?? new(), IsComplete: exception.Understood is not null, exception.Gaps);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Whatever goes wrong in a source, the last good snapshot keeps serving.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            telemetry.SourceFailed(source, exception);
            errors.Add(new(source.Name, $"The source could not be read: {exception.Message}"));
            return new(source.Name, new(), IsComplete: false);
        }
    }
}
