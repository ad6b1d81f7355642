using Microsoft.AspNetCore.Http;

namespace GatewayKit.Pipeline;

/// <summary>
/// Looks metadata up while endpoints are built. The collection's own look-up keeps what it found by type, which pays for requests and
/// costs every endpoint a table of all the types that were ever asked for.
/// </summary>
internal static class MetadataItems
{
    /// <summary>The last item of a type: the one that counts.</summary>
    public static T? Last<T>(this EndpointMetadataCollection metadata)
        where T : class
    {
        for (var i = metadata.Count - 1; i >= 0; i--)
        {
            if (metadata[i] is T item)
            {
                return item;
            }
        }

        return null;
    }

    /// <inheritdoc cref="Last{T}(EndpointMetadataCollection)"/>
    public static T? Last<T>(this IList<object> metadata)
        where T : class
    {
        for (var i = metadata.Count - 1; i >= 0; i--)
        {
            if (metadata[i] is T item)
            {
                return item;
            }
        }

        return null;
    }
}
