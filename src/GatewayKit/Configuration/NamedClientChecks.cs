using GatewayKit.Clusters;
using GatewayKit.Clusters.NamedClients;
using GatewayKit.Pipeline;

namespace GatewayKit.Configuration;

/// <summary>Checks the client that a cluster names.</summary>
internal sealed class NamedClientChecks(ClientChains clients)
{
    public void Check(Cluster cluster, string path, Report report)
    {
        if (cluster.Http.Client is not { } client)
        {
            return;
        }

        var where = ModelPath.Join(path, [nameof(cluster.Http), nameof(cluster.Http.Client)]);
        if (client.Length == 0)
        {
            report(where, "The name of the client is empty. Name a client of AddHttpClient, or remove the key.");
            return;
        }

        if (clients.FaultOf(cluster, client) is { } fault)
        {
            report(where, fault);
        }

        // Retries of two layers multiply, and neither knows what the other has sent.
        Refuse(cluster.Retry?.Mode, nameof(cluster.Retry));
        Refuse(cluster.Hedging?.Mode, nameof(cluster.Hedging));

        void Refuse(PolicyMode? mode, string name)
        {
            if (mode is not (null or PolicyMode.Off))
            {
                report(ModelPath.Join(path, name), $"{name} is {mode}, and requests go through the handlers of client '{client}'. Sending again is theirs alone: remove {name}, or the client.");
            }
        }
    }
}
