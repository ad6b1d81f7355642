using Microsoft.Extensions.Primitives;

namespace GatewayKit.Configuration;

/// <summary>Supplies routes and clusters: from a file, a database, a control plane. Register one with <see cref="GatewayBuilder.AddRouteSource{T}"/>.</summary>
public interface IRouteSource
{
    /// <summary>What errors and logs call it.</summary>
    string Name { get; }

    /// <summary>Reads everything anew. Never called twice at once.</summary>
    /// <exception cref="GatewayConfigurationException">What was read cannot be understood. The last good snapshot stays in force.</exception>
    ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Fires when it is worth reading again.</summary>
    IChangeToken GetChangeToken();
}
