using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling;

/// <summary>One thing of a request that tells it apart from others: what rates and quotas both read.</summary>
/// <param name="Kind">What it is. The number is part of keys of quotas, which outlive the process.</param>
/// <param name="Text">How it is written.</param>
/// <param name="Name">The header, the type of the claim, or what the function is called.</param>
/// <param name="Function">What reads it, if a function does.</param>
internal sealed record PartitionPart(PartitionKind Kind, string Text, string? Name = null, Func<HttpContext, string?>? Function = null)
{
    /// <summary>The longest text that gets an allowance of its own: bounds the time that hashing takes.</summary>
    public const int MaxLength = 256;

    private const int AddressBytes = 16;

    /// <summary>Bytes that its value takes at most.</summary>
    public int MaxBytes => Kind is PartitionKind.ClientAddress ? AddressBytes : MaxLength * sizeof(char);

    /// <summary>The text; none without exactly one of bearable length.</summary>
    public bool TryReadText(HttpContext httpContext, [NotNullWhen(true)] out string? text)
    {
        text = Kind switch
        {
            PartitionKind.Header => httpContext.Request.Headers[Name!] is [var value] ? value : null,
            PartitionKind.Claim => ReadClaim(httpContext, Name!),
            PartitionKind.Consumer => httpContext.Features.Get<GatewayConsumer>()?.Id,
            PartitionKind.Subscription => httpContext.Features.Get<GatewayConsumer>()?.Subscription,
            _ => Function!(httpContext),
        };
        return text is { Length: > 0 and <= MaxLength };
    }

    /// <summary>Writes the value.</summary>
    /// <param name="httpContext">The request.</param>
    /// <param name="buffer">Takes <see cref="MaxBytes"/>.</param>
    /// <param name="length">How many were written.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryWrite(HttpContext httpContext, Span<byte> buffer, out int length)
    {
        var bytes = Kind is PartitionKind.ClientAddress ? ReadAddress(httpContext, stackalloc byte[AddressBytes])
            : TryReadText(httpContext, out var text) ? MemoryMarshal.AsBytes(text.AsSpan())
            : [];
        bytes.CopyTo(buffer);
        length = bytes.Length;
        return length > 0;
    }

    // A transport may have no addresses.
    private static ReadOnlySpan<byte> ReadAddress(HttpContext httpContext, Span<byte> buffer) =>
        httpContext.Connection.RemoteIpAddress is { } address ? PeerAddress.WriteClient(address, buffer) : [];

    // What nobody has proved makes no partition.
    private static string? ReadClaim(HttpContext httpContext, string type)
    {
        string? only = null;
        foreach (var claim in Caller.Of(httpContext).Claims?.FindAll(type) ?? [])
        {
            if (only is not null || claim.Subject is not { IsAuthenticated: true })
            {
                return null;
            }

            only = claim.Value;
        }

        return only;
    }
}

/// <summary>What a <see cref="PartitionPart"/> is.</summary>
internal enum PartitionKind : byte
{
    ClientAddress = 1,
    Header = 2,
    Claim = 3,
    Code = 4,
    Consumer = 5,
    Subscription = 6,
}
