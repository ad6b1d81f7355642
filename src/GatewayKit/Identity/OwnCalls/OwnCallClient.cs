using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;

namespace GatewayKit.Identity.OwnCalls;

/// <summary>
/// The clients that the gateway's own questions go by: straight to the server, no redirect, no cookie, no log of the framework's; for each server a breaker, a time-out and one more try.
/// </summary>
internal static class OwnCallClient
{
    /// <summary>How long a request may take.</summary>
    public static readonly HttpRequestOptionsKey<TimeSpan> Timeout = new("GatewayKit.OwnCalls.Timeout");

    /// <summary>Adds a client. What was added before stays.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">The name of the client of <see cref="IHttpClientFactory"/>.</param>
    /// <param name="settings">What is its own.</param>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Polly validates the annotations of its options, which are set in code here.")]
    public static void AddOwnCallClient(this IServiceCollection services, string name, OwnCallSettings settings)
    {
        if (services.Any(service => service.ImplementationInstance is Registered registered && registered.Name == name))
        {
            return;
        }

        services.AddSingleton(new Registered(name));
        services.AddHttpClient(name)
            .ConfigureHttpClient(static client => client.Timeout = System.Threading.Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(provider => new SocketsHttpHandler
            {
                // A secret goes where the configuration says, and nowhere else.
                AllowAutoRedirect = false,
                ActivityHeadersPropagator = new TraceParentOnly(),
                UseCookies = false,
                UseProxy = false,
                AutomaticDecompression = DecompressionMethods.None,
                ConnectTimeout = TimeSpan.FromSeconds(3),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
                MaxResponseHeadersLength = 16,
                MaxResponseDrainSize = settings.MaxDrainedBytes,
                MaxConnectionsPerServer = settings.MaxConnections,

                // What came of clients goes on byte for byte; what is not ASCII would otherwise fail as if the server had.
                RequestHeaderEncodingSelector = EncodingOf(provider.GetRequiredService<IOptions<GatewayOptions>>().Value.RequestEncoding),
            })
            .RemoveAllLoggers()
            .AddResilienceHandler("OwnCalls", (pipeline, context) =>
            {
                pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();

                // The breaker sees what came of both tries.
                var breaker = new HttpCircuitBreakerStrategyOptions
                {
                    FailureRatio = 0.5,
                    MinimumThroughput = settings.MinRequests,
                    SamplingDuration = TimeSpan.FromSeconds(30),
                    BreakDuration = TimeSpan.FromSeconds(5),
                };
                if (settings.IsOutage is { } isOutage)
                {
                    breaker.ShouldHandle = arguments => new(isOutage(arguments.Outcome));
                }

                pipeline.AddCircuitBreaker(breaker);

                // In front of the client's own end, so that the breaker hears of it.
                pipeline.AddTimeout(new HttpTimeoutStrategyOptions
                {
                    TimeoutGenerator = static arguments => new(
                        arguments.Context.GetRequestMessage() is { } request && request.Options.TryGetValue(Timeout, out var timeout) ? timeout * 0.9 : TimeSpan.FromSeconds(5)),
                });
                var retry = new HttpRetryStrategyOptions { MaxRetryAttempts = 1, Delay = settings.PauseBeforeRetry, UseJitter = true, ShouldRetryAfterHeader = false };
                if (settings.IsWorthAnotherTry is { } isWorthIt)
                {
                    retry.ShouldHandle = arguments => new(isWorthIt(arguments.Outcome));
                }

                pipeline.AddRetry(retry);
            })
            .SelectPipelineByAuthority();
    }

    private static HeaderEncodingSelector<HttpRequestMessage> EncodingOf(Encoding encoding) => (_, _) => encoding;

    private sealed record Registered(string Name);
}
