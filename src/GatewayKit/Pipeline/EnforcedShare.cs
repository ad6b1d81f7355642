using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// The callers that a policy is in force for, where those are not all: the same ones on every route and instance, other ones for each policy, and those of a
/// smaller share among those of a larger one.
/// </summary>
/// <param name="policy">The name that the policy is registered under.</param>
/// <param name="percent">How many of a hundred.</param>
/// <param name="key">What the policy tells callers apart by, if that is something of its own. Default: who is calling.</param>
internal sealed class EnforcedShare(string policy, int percent, ICallerKey? key = null)
{
    // Unlike any salt of a split, which is the id of a route: a canary and a policy do not pick the same callers.
    private readonly KeyHash _hash = new($"policy {policy}");
    private readonly int _buckets = KeyHash.BucketsOf(percent);

    public bool Includes(HttpContext httpContext) => KeyHash.BucketOf(HashOfKey(httpContext) ?? HashOf(httpContext)) < _buckets;

    private ulong? HashOfKey(HttpContext httpContext)
    {
        if (key is null)
        {
            return null;
        }

        Span<byte> buffer = stackalloc byte[key.MaxBytes];
        return key.TryWrite(httpContext, buffer, out var length) ? _hash.Of(buffer[..length]) : null;
    }

    // Those without an address, such as the peers on a Unix socket, are one caller.
    private ulong HashOf(HttpContext httpContext) =>
        httpContext.Features.Get<GatewayConsumer>() is { } caller ? _hash.Of(caller.Id)
        : httpContext.Connection.RemoteIpAddress is { } address ? _hash.Of(address)
        : _hash.Of(string.Empty);
}
