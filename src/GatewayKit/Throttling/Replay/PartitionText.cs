using System.Globalization;
using System.Net;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Replay;

/// <summary>Partition keys for people: limits themselves keep hashes only.</summary>
internal static class PartitionText
{
    /// <summary>The key of those that have nothing to be told apart by.</summary>
    public const string None = "(none)";

    private const string All = "(all)";

    public static string Of(ThrottlePartition partition, HttpContext httpContext)
    {
        string[] values = [.. partition.Parts.Select(part => Of(part, httpContext))];
        return values.Length == 0 ? All : values.Contains(None) ? None : string.Join(" + ", values);
    }

    /// <summary>A hash in place of the key, unless it says nothing about anybody. Addresses are few: without a secret a hash of one tells it.</summary>
    public static string Redact(string key)
    {
        if (key is None or All)
        {
            return key;
        }

        var (high, low) = SipHash.Process.Hash(key);
        return string.Create(CultureInfo.InvariantCulture, $"{high:x16}{low:x16}");
    }

    private static string Of(PartitionPart part, HttpContext httpContext) =>
        part.Kind is PartitionKind.ClientAddress ? OfAddress(httpContext.Connection.RemoteIpAddress)
        : part.Kind is PartitionKind.Subscription ? httpContext.Features.Get<GatewayConsumer>() is { } consumer ? $"{consumer} {consumer.ProductId}".TrimEnd() : None
        : part.TryReadText(httpContext, out var value) ? value
        : None;

    private static string OfAddress(IPAddress? address)
    {
        if (address is null)
        {
            return None;
        }

        Span<byte> bytes = stackalloc byte[16];
        var client = PeerAddress.WriteClient(address, bytes);
        if (client.Length is 4)
        {
            return new IPAddress(client).ToString();
        }

        Span<byte> network = stackalloc byte[16];
        client.CopyTo(network);
        return $"{new IPAddress(network)}/64";
    }
}
