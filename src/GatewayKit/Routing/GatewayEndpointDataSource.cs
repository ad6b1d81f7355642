using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Routing;

/// <summary>
/// Turns the snapshot into endpoints. There is one for each route builder that gateway routes are mapped on. It does what the
/// framework's own data sources do for their endpoints and not for others' (A2, A3): runs conventions of groups, composes filters.
/// </summary>
internal sealed class GatewayEndpointDataSource(CurrentSnapshot current, GatewayEndpointFactory factory, IServiceProvider services) : EndpointDataSource, IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<GatewayRouteMapping> _mappings = [];
    private readonly MappingSelection _none = new();
    private readonly List<EndpointSet> _groups = [];
    private EndpointSet? _plain;
    private CancellationTokenSource _change = new();

    /// <summary>Maps the configured routes that <paramref name="where"/> accepts.</summary>
    public GatewayRouteConventionBuilder MapConfigured(Func<GatewayRoute, bool>? where) =>
        Map((index, conventions) => new(index, snapshot => snapshot.Routes.Values, where ?? (static _ => true), conventions, IsCode: false, IsConditional: where is not null));

    /// <summary>Maps one route from code.</summary>
    public GatewayRouteConventionBuilder MapCode(GatewayRoute route, bool isNamedByPattern = false) =>
        Map((index, conventions) => new(index, _ => [route], static _ => true, conventions, IsCode: true, isNamedByPattern));

    public IReadOnlyList<GatewayRouteMapping> Mappings
    {
        get
        {
            lock (_lock)
            {
                return [.. _mappings];
            }
        }
    }

    /// <summary>The names of the parameters in the prefixes of its groups.</summary>
    public IReadOnlyList<string> PrefixParameters
    {
        get
        {
            lock (_lock)
            {
                return [.. _groups.SelectMany(static set => set.Context.Prefix.Parameters).Select(static parameter => parameter.Name)];
            }
        }
    }

    /// <summary>The routes of <c>MapGatewayRoute()</c>, by the ids that their endpoints have: with the prefix of the group in front if the pattern is the name.</summary>
    public IReadOnlyList<GatewayRoute> CodeRoutes
    {
        get
        {
            lock (_lock)
            {
                var prefix = _groups.FirstOrDefault()?.Context.Prefix.RawText;
                return
                [
                    .. from mapping in _mappings
                       where mapping.IsCode
                       from route in mapping.Routes(GatewaySnapshot.Empty)
                       select mapping.IsNamedByPattern ? route with { Id = $"{prefix}{route.Id}" } : route,
                ];
            }
        }
    }

    public override IReadOnlyList<Endpoint> Endpoints
    {
        get
        {
            lock (_lock)
            {
                _plain ??= new EndpointSet(new RouteGroupContext { Prefix = RoutePatternFactory.Parse(string.Empty), ApplicationServices = services });
                return Read(_plain);
            }
        }
    }

    public override IReadOnlyList<Endpoint> GetGroupedEndpoints(RouteGroupContext context)
    {
        lock (_lock)
        {
            // The framework asks anew each time (A7); a group is the same group as before when its prefix and conventions are. One whose
            // conventions have grown takes the place of what was built without them.
            var set = _groups.Find(known => known.IsFor(context));
            if (set is null)
            {
                _groups.RemoveAll(known => known.Context.Prefix.RawText == context.Prefix.RawText);
                _groups.Add(set = new EndpointSet(context));
            }

            return Read(set);
        }
    }

    public override IChangeToken GetChangeToken() => new CancellationChangeToken(_change.Token);

    /// <summary>Builds the endpoints of a coming snapshot.</summary>
    /// <exception cref="InvalidOperationException">An endpoint cannot be built.</exception>
    public PreparedEndpoints Prepare(GatewaySnapshot snapshot)
    {
        List<(EndpointSet Set, BuiltEndpoints Built)> prepared;
        lock (_lock)
        {
            prepared = [.. Sets().Select(set => (set, Build(set, snapshot)))];
        }

        return new(
            [.. prepared.SelectMany(static entry => entry.Built.Endpoints)],
            [.. prepared.SelectMany(static entry => entry.Built.Added)],
            () => Publish(prepared));
    }

    public void Dispose() => _change.Dispose();

    // Returns what tells of the change; nothing if every endpoint is the object it was.
    private Action Publish(List<(EndpointSet Set, BuiltEndpoints Built)> prepared)
    {
        lock (_lock)
        {
            var changed = prepared.Exists(static entry => entry.Set.Built is null || !entry.Built.HasSameEndpointsAs(entry.Set.Built));
            prepared.ForEach(static entry => entry.Set.Built = entry.Built);
            if (!changed)
            {
                return static () => { };
            }

            var fired = _change;
            _change = new CancellationTokenSource();

            // Rebuilds the matcher on this thread; the old one serves meanwhile (A17). Not disposed, which would give nothing back: another
            // thread may be about to read its token.
            return fired.Cancel;
        }
    }

    private IEnumerable<EndpointSet> Sets() => _plain is null ? _groups : _groups.Append(_plain);

    private IReadOnlyList<Endpoint> Read(EndpointSet set)
    {
        if (ReferenceEquals(current.Value, GatewaySnapshot.Empty))
        {
            // Routes that nobody has checked yet.
            return [];
        }

        if (set.Built is null || !ReferenceEquals(set.Built.Snapshot, current.Value))
        {
            set.Built = Build(set, current.Value);
        }

        return set.Built.Endpoints;
    }

    private BuiltEndpoints Build(EndpointSet set, GatewaySnapshot snapshot) => BuiltEndpoints.Build(set.Context, _mappings, _none, snapshot, factory, set.Built);

    private GatewayRouteConventionBuilder Map(Func<int, GatewayRouteConventionBuilder, GatewayRouteMapping> map)
    {
        var conventions = new GatewayRouteConventionBuilder(Forget);
        lock (_lock)
        {
            _mappings.Add(map(_mappings.Count, conventions));
        }

        Forget();
        return conventions;
    }

    // Something more was said of the routes: what was built without it is void.
    private void Forget()
    {
        lock (_lock)
        {
            foreach (var set in Sets())
            {
                set.Built = null;
            }
        }
    }

    private sealed class EndpointSet(RouteGroupContext context)
    {
        public RouteGroupContext Context { get; } = context;

        public BuiltEndpoints? Built { get; set; }

        public bool IsFor(RouteGroupContext other) =>
            Context.Prefix.RawText == other.Prefix.RawText
            && Context.Conventions.SequenceEqual(other.Conventions)
            && Context.FinallyConventions.SequenceEqual(other.FinallyConventions);
    }
}
