using System.Net.Sockets;

namespace GatewayKit.Identity.Schemes;

/// <summary>Failures that say nothing against a credential: what checks it could not be reached.</summary>
internal static class Outages
{
    public static bool Include(Exception failure)
    {
        for (var inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is AuthenticationUnavailableException or HttpRequestException or SocketException or TimeoutException or OperationCanceledException or IOException)
            {
                return true;
            }
        }

        return failure is AggregateException { InnerExceptions: var several } && several.Any(Include);
    }
}
