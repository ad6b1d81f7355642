using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace GatewayKit.Routing;

/// <summary>
/// Finds, among the endpoints of one node, those whose indexed condition a request meets: by the name of the field, then by the value.
/// A key is one name with one value; endpoints without an indexed condition are in no key.
/// </summary>
internal sealed class FieldIndex
{
    /// <summary>What <see cref="Find"/> answers when the request has none of the values.</summary>
    public const int None = -1;

    /// <summary>What <see cref="Find"/> answers when the request has several of them.</summary>
    public const int Several = -2;

    private readonly Dictionary<string, Values> _headers = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Values> _query = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Values>.AlternateLookup<ReadOnlySpan<char>> _byParameter;
    private readonly List<List<int>> _keys = [];
    private readonly List<int> _unindexed = [];

    public FieldIndex(IReadOnlyList<Endpoint> endpoints)
    {
        Endpoints = [.. endpoints];
        _byParameter = _query.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var i = 0; i < Endpoints.Length; i++)
        {
            if (RouteConditions.Of(Endpoints[i]) is { Indexed: { } condition } conditions)
            {
                Add(conditions.IsIndexedByQuery ? _query : _headers, condition, i);
            }
            else
            {
                _unindexed.Add(i);
            }
        }
    }

    public Endpoint[] Endpoints { get; }

    public int KeyCount => _keys.Count;

    /// <summary>The endpoints that a request with this key, or with none, can reach, in order of precedence.</summary>
    public IReadOnlyList<Endpoint> Reachable(int key)
    {
        if (key == None || _unindexed.Count == 0)
        {
            return (key == None ? _unindexed : _keys[key]).ConvertAll(index => Endpoints[index]);
        }

        var reachable = new List<int>(_keys[key]);
        reachable.AddRange(_unindexed);
        reachable.Sort();
        return reachable.ConvertAll(index => Endpoints[index]);
    }

    /// <summary>The key of a request.</summary>
    public int Find(HttpRequest request)
    {
        var found = None;
        Visit(request, ref found, static (ref int found, int key) => found = found == None || found == key ? key : Several);
        return found;
    }

    /// <summary>Adds the positions of all endpoints that a request can reach.</summary>
    public void FindAll(HttpRequest request, SortedSet<int> positions)
    {
        positions.UnionWith(_unindexed);
        var state = (Index: this, Positions: positions);
        Visit(request, ref state, static (ref (FieldIndex Index, SortedSet<int> Positions) state, int key) => state.Positions.UnionWith(state.Index._keys[key]));
    }

    private void Add(Dictionary<string, Values> fields, FieldMatch condition, int endpoint)
    {
        ref var values = ref CollectionsMarshal.GetValueRefOrAddDefault(fields, condition.Name, out _);
        values ??= new Values(FieldElements.SeparatorOf(condition.Name));
        foreach (var value in condition.Values)
        {
            if (!values.Keys.TryGetValue(value, out var key))
            {
                values.Keys.Add(value, key = _keys.Count);
                _keys.Add([]);
            }

            if (_keys[key] is not [.., var last] || last != endpoint)
            {
                _keys[key].Add(endpoint);
            }
        }
    }

    private void Visit<TState>(HttpRequest request, ref TState state, Visitor<TState> visit)
    {
        var headers = request.Headers;
        if (_headers.Count <= headers.Count)
        {
            foreach (var (name, values) in _headers)
            {
                if (headers.TryGetValue(name, out var lines))
                {
                    values.Visit(lines, ref state, visit);
                }
            }
        }
        else
        {
            foreach (var (name, lines) in headers)
            {
                if (_headers.TryGetValue(name, out var values))
                {
                    values.Visit(lines, ref state, visit);
                }
            }
        }

        if (_query.Count == 0)
        {
            return;
        }

        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (_byParameter.TryGetValue(pair.DecodeName().Span, out var values) && values.ByText.TryGetValue(pair.DecodeValue().Span, out var key))
            {
                visit(ref state, key);
            }
        }
    }

    private delegate void Visitor<TState>(ref TState state, int key);

    /// <summary>The values of one field that endpoints ask for.</summary>
    private sealed class Values
    {
        private readonly char _separator;

        public Values(char separator) => (_separator, ByText) = (separator, Keys.GetAlternateLookup<ReadOnlySpan<char>>());

        public Dictionary<string, int> Keys { get; } = new(StringComparer.OrdinalIgnoreCase);

        public Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ByText { get; }

        public void Visit<TState>(Microsoft.Extensions.Primitives.StringValues lines, ref TState state, Visitor<TState> visit)
        {
            foreach (var line in lines)
            {
                foreach (var element in new FieldElements(line, _separator))
                {
                    if (ByText.TryGetValue(element, out var key))
                    {
                        visit(ref state, key);
                    }
                }
            }
        }
    }
}
