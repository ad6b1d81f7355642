using Microsoft.AspNetCore.Http;

namespace GatewayKit.Routing;

/// <summary>A snapshot whose endpoints are built and can still be refused.</summary>
internal sealed class PreparedSnapshot(GatewaySnapshot snapshot, IReadOnlyList<PreparedEndpoints> parts)
{
    public GatewaySnapshot Snapshot => snapshot;

    /// <summary>The endpoints of all data sources.</summary>
    public IReadOnlyList<Endpoint> Endpoints { get; } = [.. parts.SelectMany(static part => part.Endpoints)];

    /// <summary>Those that the snapshot before did not have.</summary>
    public IEnumerable<Endpoint> Added => parts.SelectMany(static part => part.Added);

    /// <exception cref="AggregateException">Some of those who were told failed. All were told.</exception>
    public void Publish()
    {
        // Whoever is told reads all data sources: first all have the new endpoints, then anybody hears of it.
        var tellings = parts.Select(static part => part.Publish()).ToArray();
        var failures = new List<Exception>();
        foreach (var tell in tellings)
        {
            try
            {
                tell();
            }
            catch (AggregateException exception)
            {
                failures.AddRange(exception.InnerExceptions);
            }
        }

        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }
}

/// <summary>The endpoints of one data source in a coming snapshot.</summary>
/// <param name="Endpoints">What it will serve.</param>
/// <param name="Added">Those of them that it does not serve yet.</param>
/// <param name="Publish">Makes it serve them and returns what tells of it.</param>
internal sealed record PreparedEndpoints(IReadOnlyList<Endpoint> Endpoints, IReadOnlyList<Endpoint> Added, Func<Action> Publish);
