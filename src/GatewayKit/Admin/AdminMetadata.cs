using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http.Metadata;

namespace GatewayKit.Admin;

/// <summary>Marks the endpoints of the admin API.</summary>
internal sealed class AdminMetadata : IRequestSizeLimitMetadata, IUncachedMetadata
{
    /// <summary>Room for a consumer with a thousand keys.</summary>
    public const int MaxBodyBytes = 1 << 20;

    public static AdminMetadata Instance { get; } = new();

    public long? MaxRequestBodySize => MaxBodyBytes;
}
