using System.Runtime.InteropServices;

namespace GatewayKit.Routing;

/// <summary>What belongs to the closest pattern of a host: the name itself, then its suffixes label by label, then any name; at its port first.</summary>
internal sealed class HostTable<T>
    where T : struct
{
    private readonly Dictionary<string, AtPorts> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, AtPorts> _wildcards = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, AtPorts>.AlternateLookup<ReadOnlySpan<char>> _byName;
    private readonly Dictionary<string, AtPorts>.AlternateLookup<ReadOnlySpan<char>> _bySuffix;
    private readonly AtPorts _anyName = new();

    public HostTable(IEnumerable<(HostPattern Host, T Value)> entries)
    {
        foreach (var (host, value) in entries)
        {
            var atPorts = _anyName;
            if (host.Name is not null)
            {
                ref var named = ref CollectionsMarshal.GetValueRefOrAddDefault(host.IsWildcard ? _wildcards : _exact, host.Name, out _);
                atPorts = named ??= new AtPorts();
            }

            atPorts.Add(host.Port, value);
        }

        _byName = _exact.GetAlternateLookup<ReadOnlySpan<char>>();
        _bySuffix = _wildcards.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>What belongs to every name at every port.</summary>
    public T? OfEveryHost => _anyName.EveryPort;

    public T? Find(ReadOnlySpan<char> name, int port)
    {
        if (_byName.TryGetValue(name, out var atPorts) && atPorts.At(port) is { } byName)
        {
            return byName;
        }

        if (_wildcards.Count > 0)
        {
            for (var dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.'))
            {
                name = name[(dot + 1)..];
                if (_bySuffix.TryGetValue(name, out atPorts) && atPorts.At(port) is { } bySuffix)
                {
                    return bySuffix;
                }
            }
        }

        return _anyName.At(port);
    }

    private sealed class AtPorts
    {
        private Dictionary<int, T>? _ports;

        public T? EveryPort { get; private set; }

        public void Add(int? port, T value)
        {
            if (port is { } number)
            {
                (_ports ??= []).Add(number, value);
            }
            else
            {
                EveryPort = value;
            }
        }

        public T? At(int port) => _ports is not null && _ports.TryGetValue(port, out var value) ? value : EveryPort;
    }
}
