using GatewayKit.Throttling;
using GatewayKit.Throttling.Sharing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Tests.Throttling.Sharing;

/// <summary>One of several gateways that share a store: what decides, without the rest.</summary>
internal sealed class Instance : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly ThrottleAllowance _allowance;

    public Instance(TimeProvider time, IRateStore? store, ThrottlePolicy policy, Action<ThrottlingOptions>? configure = null, ILoggerProvider? log = null)
    {
        var services = new ServiceCollection().AddLogging(logging =>
        {
            if (log is not null)
            {
                logging.AddProvider(log);
            }
        }).AddSingleton(time);
        services.AddApiGateway();
        services.Configure<ThrottlingOptions>(options => configure?.Invoke(options));
        if (store is not null)
        {
            services.AddSingleton(store);
        }

        _services = services.BuildServiceProvider();
        _allowance = _services.GetRequiredService<ThrottleAllowances>().For("orders", policy);
    }

    public RateCommits Commits => _services.GetRequiredService<RateCommits>();

    public RateStoreLink Link => _services.GetRequiredService<RateStoreLink>();

    public ValueTask<RateDecision> AskAsync(string tenant = "alice", int cost = 1, CancellationToken aborted = default) => _allowance.TakeAsync(Request(tenant, aborted), cost);

    /// <summary>How an allowance stands, which takes nothing of it.</summary>
    public ValueTask<RateDecision> PeekAsync(string tenant = "alice") => _allowance.PeekAsync(Request(tenant, default));

    /// <summary>Asks a store that answers at once.</summary>
    public RateDecision Take(string tenant = "alice", int cost = 1)
    {
        var taking = AskAsync(tenant, cost);
        return taking.IsCompletedSuccessfully ? taking.Result : throw new InvalidOperationException("The store does not answer at once.");
    }

    public int TakeAll(int requests, string tenant = "alice") => Enumerable.Range(0, requests).Count(_ => Take(tenant).IsTaken);

    public void GiveBack(in RateDecision decision, string tenant = "alice", int cost = 1) => Settle(decision, actual: 0, tenant, cost);

    public RateDecision Settle(in RateDecision decision, long actual, string tenant = "alice", int cost = 1) =>
        _allowance.Settle(Request(tenant, default), new(cost, actual, decision.Due, decision.Mark, decision.IsOverflow));

    public Task StopAsync() => _services.GetServices<IHostedService>().OfType<SharingStop>().Single().StopAsync(default);

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static DefaultHttpContext Request(string tenant, CancellationToken aborted) => new() { Request = { Headers = { ["X-Tenant"] = tenant } }, RequestAborted = aborted };
}
