using System.Buffers;
using System.Net;

namespace GatewayKit.Clusters.Health;

/// <summary>
/// Asks a destination how it is, once: over the connections of the cluster, so with its TLS, its version and its host. Nothing is followed, and at most
/// 4 KiB of an answer are read.
/// </summary>
internal static class HealthQuestion
{
    /// <summary>How much of an answer is read, in bytes.</summary>
    public const int MostRead = 4_096;

    private const string UserAgent = "GatewayKit-HealthCheck";

    // What is configured goes out as it is written (D5).
    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <param name="cluster">Whose connections are used.</param>
    /// <param name="destination">Who is asked.</param>
    /// <param name="settings">What is asked.</param>
    /// <param name="timedOut">Fires when the time for an answer is over.</param>
    /// <exception cref="OperationCanceledException"><paramref name="timedOut"/> fired.</exception>
    /// <exception cref="Exception">It could not be reached, or broke off; handlers of the host may throw anything.</exception>
    public static async Task<ProbeAnswer> AskAsync(ClusterState cluster, DestinationState destination, ActiveHealth settings, CancellationToken timedOut)
    {
        var invoker = cluster.Transport.Acquire();
        try
        {
            using var message = Create(cluster.Cluster, destination, settings);
            using var answer = await invoker.SendAsync(message, timedOut).ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(MostRead);
            try
            {
                var (length, isWhole) = await ReadAsync(answer, buffer.AsMemory(0, MostRead), timedOut).ConfigureAwait(false);
                var passed = settings.Kind is ProbeKind.Grpc ? isWhole && GrpcHealth.IsServing(answer, buffer.AsSpan(0, length)) : IsExpected(answer.StatusCode, settings);
                if (!isWhole)
                {
                    await BrokenConnection.CloseAsync(answer, cluster.Transport.HasStreamsAtOnce).ConfigureAwait(false);
                }

                var status = $"status {(int)answer.StatusCode}";
                return passed ? new(ProbeOutcome.Passed, status)
                    : new(ProbeOutcome.BadAnswer, settings.Kind is not ProbeKind.Grpc ? status : isWhole ? $"{status}, not SERVING" : $"{status}, too long");
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        finally
        {
            cluster.Transport.Release();
        }
    }

    /// <summary>Where the question goes.</summary>
    public static string TargetOf(DestinationState destination, ActiveHealth settings) =>
        string.Concat(destination.Origin, destination.BasePath, settings.Kind is ProbeKind.Grpc ? GrpcHealth.Path : settings.Path);

    private static HttpRequestMessage Create(Cluster cluster, DestinationState destination, ActiveHealth settings)
    {
        var message = new HttpRequestMessage
        {
            Method = settings.Kind switch { ProbeKind.Grpc => HttpMethod.Post, ProbeKind.Head => HttpMethod.Head, _ => HttpMethod.Get },
            Version = cluster.Http.Version,
            VersionPolicy = cluster.Http.VersionPolicy,
            RequestUri = new(TargetOf(destination, settings), Verbatim),
        };
        message.Headers.Host = destination.Destination.Host;
        message.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        if (settings.Kind is ProbeKind.Grpc)
        {
            GrpcHealth.Write(message, settings.GrpcService);
        }

        return message;
    }

    private static async ValueTask<(int Length, bool IsWhole)> ReadAsync(HttpResponseMessage answer, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await body.ReadAsync(buffer[length..], cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return (length, true);
            }

            length += read;
        }

        return (length, false);
    }

    private static bool IsExpected(HttpStatusCode status, ActiveHealth settings) =>
        settings.Statuses.Count > 0 ? settings.Statuses.Contains((int)status) : (int)status is >= 200 and <= 299;
}
