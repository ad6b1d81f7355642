using GatewayKit.Resilience.Bulkheads;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>Waiting, for those who do not care why there was no place.</summary>
internal static class PlaceWaits
{
    public static async Task<bool> GetsOneAsync(this Places places, PlaceTerms terms, TimeSpan left, CancellationToken cancellationToken, PlaceShare? share = null) =>
        await places.TakeAsync(terms, share, left, cancellationToken) is PlaceWait.Taken;
}
