using System.Net;
using BenchmarkDotNet.Attributes;
using GatewayKit.Identity.Addresses;

namespace GatewayKit.Benchmarks.Identity;

/// <summary>One look-up among many networks: the gateway's table, a set of networks for each length of prefix, and one network after the other.</summary>
[MemoryDiagnoser]
public class AddressBenchmarks
{
    private const int Probes = 4_096;

    private readonly IPAddress[] _probes = new IPAddress[Probes];
    private IPNetwork[] _networks = [];
    private AddressTable _table = null!;
    private PrefixSets _sets = null!;
    private int _next;

    public enum Kind
    {
        /// <summary>IPv4, spread over all of it.</summary>
        IPv4,

        /// <summary>IPv6 as it is given out: in a few hundred blocks of 2000::/3.</summary>
        IPv6,

        /// <summary>IPv6 within one /32, where no index over the first bits tells anything apart.</summary>
        DenseIPv6,
    }

    [Params(1_000, 100_000)]
    public int Networks { get; set; }

    [ParamsAllValues]
    public Kind Family { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(7);
        _networks = [.. Enumerable.Range(0, Networks * 2).Select(_ => Network(random)).Distinct().Take(Networks)];
        (_table, _sets) = (AddressTable.From(_networks), new(_networks));

        // Half of them inside of a network, half anywhere near.
        for (var i = 0; i < Probes; i++)
        {
            var bytes = Network(random).BaseAddress.GetAddressBytes();
            _probes[i] = i % 2 == 0 ? _networks[random.Next(_networks.Length)].BaseAddress : new(bytes);
        }
    }

    [Benchmark(Baseline = true)]
    public bool Table() => _table.Contains(_probes[_next++ & (Probes - 1)]);

    [Benchmark]
    public bool SetForEachLength() => _sets.Contains(_probes[_next++ & (Probes - 1)]);

    [Benchmark]
    public bool OneAfterTheOther()
    {
        var address = _probes[_next++ & (Probes - 1)];
        foreach (var network in _networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private IPNetwork Network(Random random)
    {
        var bytes = new byte[Family is Kind.IPv4 ? 4 : 16];
        random.NextBytes(bytes);
        int bits;
        switch (Family)
        {
            case Kind.IPv4:
                bytes[0] = (byte)random.Next(1, 224);
                bits = random.Next(16, 33);
                break;
            case Kind.IPv6:
                (bytes[0], bytes[1]) = random.Next(4) switch
                {
                    0 => ((byte)0x2a, (byte)random.Next(16)),
                    1 => ((byte)0x24, (byte)random.Next(16)),
                    2 => ((byte)0x26, (byte)random.Next(16)),
                    _ => ((byte)0x20, (byte)1),
                };
                bits = random.Next(32, 65);
                break;
            default:
                (bytes[0], bytes[1], bytes[2], bytes[3]) = (0x2a, 0, 0x14, 0x50);
                bits = random.Next(48, 129);
                break;
        }

        for (var bit = bits; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new(new(bytes), bits);
    }

    // What one writes by hand: for each length in use, the networks of that length.
    private sealed class PrefixSets(IPNetwork[] networks)
    {
        private readonly (UInt128 Mask, HashSet<UInt128> Networks)[] _sets =
        [
            .. networks.GroupBy(static network => network.PrefixLength).OrderBy(static length => length.Key)
                .Select(static length => (MaskOf(length.First()), length.Select(static network => Number(network.BaseAddress)).ToHashSet())),
        ];

        public bool Contains(IPAddress address)
        {
            var number = Number(address);
            foreach (var (mask, set) in _sets)
            {
                if (set.Contains(number & mask))
                {
                    return true;
                }
            }

            return false;
        }

        private static UInt128 MaskOf(IPNetwork network)
        {
            var width = network.BaseAddress.AddressFamily is System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128;
            return network.PrefixLength == 0 ? 0 : UInt128.MaxValue << (width - network.PrefixLength);
        }

        private static UInt128 Number(IPAddress address)
        {
            Span<byte> bytes = stackalloc byte[16];
            address.TryWriteBytes(bytes, out var length);
            return length == 4 ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes) : System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }
    }
}
