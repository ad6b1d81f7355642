using System.Net;
using System.Net.Sockets;
using GatewayKit.Identity.Addresses;

namespace GatewayKit.Tests.Identity.Addresses;

/// <summary>The set of addresses against a model that asks each network.</summary>
public sealed class AddressTableTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void It_has_what_one_of_its_networks_has(int seed)
    {
        var random = new Random(seed);
        IPNetwork[] networks = [.. Enumerable.Range(0, random.Next(0, 400)).Select(_ => Network(random, seed))];
        var table = AddressTable.From(networks);
        foreach (var address in Probes(networks, random))
        {
            var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            Assert.True(networks.Any(network => Plain(network).Contains(plain)) == table.Contains(address), $"{address} of {string.Join(' ', networks)}");
        }
    }

    [Theory]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("0.0.0.0/0", "::ffff:1.2.3.4", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "1.2.3.4", false)]
    [InlineData("::/0", "::ffff:1.2.3.4", false)]
    [InlineData("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.255.255.255", true)]
    [InlineData("::ffff:10.0.0.0/104", "11.0.0.0", false)]
    [InlineData("fe80::/10", "fe80::1%3", true)]
    [InlineData("255.255.255.255/32", "255.255.255.255", true)]
    [InlineData("255.255.255.255/32", "0.0.0.0", false)]
    public void Edges_of_both_families(string network, string address, bool expected) =>
        Assert.Equal(expected, AddressTable.From([IPNetwork.Parse(network)]).Contains(IPAddress.Parse(address)));

    [Fact]
    public void Networks_that_touch_or_overlap_are_one_range() =>
        Assert.Equal(2, AddressTable.From(Networks("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "10.0.0.0/9", "12.0.0.0/8")).Count);

    [Fact]
    public void Networks_that_others_hold_are_found_in_each_family()
    {
        var found = AddressTable.Redundant(Networks("::/0", "10.1.0.0/16", "10.0.0.0/8", "11.0.0.0/8", "::ffff:11.2.0.0/112", "2001:db8::/32", "12.0.0.0/8", "12.0.0.0/8"));
        Assert.Equal(
            ["10.1.0.0/16 10.0.0.0/8", "::ffff:11.2.0.0/112 11.0.0.0/8", "12.0.0.0/8 12.0.0.0/8", "2001:db8::/32 ::/0"],
            found.Select(static one => $"{one.Network} {one.Holder}"));
    }

    [Fact]
    public void A_look_up_allocates_nothing()
    {
        var table = AddressTable.From(Networks("10.0.0.0/8", "2001:db8::/32"));
        IPAddress[] addresses = [IPAddress.Parse("10.1.2.3"), IPAddress.Parse("::ffff:10.1.2.3"), IPAddress.Parse("2001:db8::1"), IPAddress.Parse("::1")];
        foreach (var address in addresses)
        {
            table.Contains(address);
        }

        Assert.Equal(0, Allocations.Of(() =>
        {
            foreach (var address in addresses)
            {
                table.Contains(address);
            }
        }));
    }

    private static IEnumerable<IPNetwork> NetworksOf(IEnumerable<string> texts) => texts.Select(static text => IPNetwork.Parse(text));

    private static List<IPNetwork> Networks(params string[] texts) => [.. NetworksOf(texts)];

    // A mapped network of the model is the IPv4 one that it maps.
    private static IPNetwork Plain(IPNetwork network) =>
        network.BaseAddress.IsIPv4MappedToIPv6 && network.PrefixLength >= 96 ? new(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96) : network;

    // Of few values, so that networks nest, touch and repeat; of the whole space with every third seed.
    private static IPNetwork Network(Random random, int seed)
    {
        var family = random.Next(3);
        var bytes = new byte[family == 1 ? 16 : 4];
        if (seed % 3 == 0)
        {
            random.NextBytes(bytes);
        }
        else
        {
            bytes[0] = (byte)(family == 1 ? 0x20 : 10);
            bytes[^1] = (byte)random.Next(256);
            bytes[bytes.Length / 2] = (byte)random.Next(4);
        }

        var bits = random.Next(seed % 3 == 0 ? 1 : bytes.Length * 4, (bytes.Length * 8) + 1);
        Mask(bytes, bits);
        var address = new IPAddress(bytes);
        return family == 2 ? new(address.MapToIPv6(), bits + 96) : new(address, bits);
    }

    private static IEnumerable<IPAddress> Probes(IPNetwork[] networks, Random random)
    {
        foreach (var network in networks)
        {
            var bytes = Plain(network).BaseAddress.GetAddressBytes();
            yield return new(bytes);
            yield return Next(bytes, up: false);
            var last = (byte[])bytes.Clone();
            var bits = Plain(network).PrefixLength;
            for (var bit = bits; bit < bytes.Length * 8; bit++)
            {
                last[bit / 8] |= (byte)(0x80 >> (bit % 8));
            }

            yield return new(last);
            yield return Next(last, up: true);
        }

        for (var i = 0; i < 200; i++)
        {
            var bytes = new byte[i % 2 == 0 ? 4 : 16];
            random.NextBytes(bytes);
            var address = new IPAddress(bytes);
            yield return address;
            if (address.AddressFamily is AddressFamily.InterNetwork)
            {
                yield return address.MapToIPv6();
            }
        }
    }

    private static IPAddress Next(byte[] of, bool up)
    {
        var bytes = (byte[])of.Clone();
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            bytes[i] = (byte)(bytes[i] + (up ? 1 : -1));
            if (bytes[i] != (up ? 0 : 255))
            {
                break;
            }
        }

        return new(bytes);
    }

    private static void Mask(byte[] bytes, int bits)
    {
        for (var bit = bits; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }
    }
}
