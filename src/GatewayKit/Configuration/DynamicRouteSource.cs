using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Configuration;

/// <summary>
/// Routes and clusters that the host pushes: from a control plane, a database, a test. Register it with
/// <see cref="GatewayBuilder.AddRouteSource{T}"/> and get it from DI. Thread-safe.
/// </summary>
/// <param name="name">What errors and logs call it. Default <c>dynamic</c>.</param>
/// <param name="initial">What it says until something is applied. Default nothing.</param>
public class DynamicRouteSource(string name = "dynamic", RouteSet? initial = null) : IRouteSource
{
    private readonly RouteSet _initial = initial ?? new();
    private GatewayConfigurator? _configurator;

    /// <inheritdoc/>
    public string Name => name;

    /// <summary>What it says now: what was applied last, not what was rejected last.</summary>
    public RouteSet Current => _configurator?.InForce(this) ?? _initial;

    /// <summary>Puts a set in force instead of what this source said before. What other sources said last stays.</summary>
    /// <returns>The new snapshot; or the errors, and then everything is as before.</returns>
    /// <exception cref="InvalidOperationException">The source is not registered, or the gateway has not started.</exception>
    public Task<ApplyResult> ApplyAsync(RouteSet set, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Configurator.ApplyAsync(this, set, cancellationToken);
    }

    /// <summary>Says what <see cref="ApplyAsync"/> would answer, and changes nothing.</summary>
    /// <returns>The errors; empty if the set would be accepted.</returns>
    /// <exception cref="InvalidOperationException">The source is not registered, or the gateway has not started.</exception>
    public Task<IReadOnlyList<ConfigurationError>> ValidateAsync(RouteSet set, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Configurator.ValidateAsync(this, set, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken) => new(Current);

    /// <inheritdoc/>
    public IChangeToken GetChangeToken() => NullChangeToken.Singleton;

    internal void Attach(GatewayConfigurator configurator) => _configurator = configurator;

    private GatewayConfigurator Configurator => _configurator ?? throw new InvalidOperationException(
        $"The route source '{name}' is not in use: register it with AddRouteSource<{GetType().Name}>() and start the host first.");
}
