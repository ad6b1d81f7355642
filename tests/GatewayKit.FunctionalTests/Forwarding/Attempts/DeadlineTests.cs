using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Forwarding.Attempts;

/// <summary>Deadlines between gateways.</summary>
public sealed class DeadlineTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Destination_is_told_what_is_left()
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync);
        await using var gateway = await StartAsync(upstream.Address, trusts: false, sends: true);
        Assert.Equal("3995", await GetAsync(gateway));
    }

    [Fact]
    public async Task Nothing_is_told_unless_asked_for()
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync);
        await using var gateway = await StartAsync(upstream.Address, trusts: false, sends: false);
        Assert.Equal("", await GetAsync(gateway));
    }

    [Theory]
    [InlineData(true, "1500", "1495")]
    [InlineData(true, "9000", "3995")]
    [InlineData(true, "soon", "3995")]
    [InlineData(false, "1500", "3995")]
    public async Task Trusted_peer_can_only_make_it_shorter_and_a_client_cannot(bool trusts, string stated, string told)
    {
        await using var upstream = await Upstream.StartAsync(EchoAsync);
        await using var gateway = await StartAsync(upstream.Address, trusts, sends: true);
        Assert.Equal(told, await GetAsync(gateway, stated));
    }

    [Fact]
    public async Task Deadline_that_is_over_is_not_forwarded()
    {
        var asked = 0;
        await using var upstream = await Upstream.StartAsync(_ =>
        {
            Interlocked.Increment(ref asked);
            return Task.CompletedTask;
        });
        await using var gateway = await StartAsync(upstream.Address, trusts: true, sends: true);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-GW-Deadline-Ms", "0" } } };
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.GatewayTimeout, 0), (answer.StatusCode, asked));
        Assert.Contains("deadline-exceeded", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Deadline_of_a_trusted_peer_ends_the_exchange()
    {
        await using var upstream = await Upstream.StartAsync(async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                await Task.Yield();
            }
        });
        await using var gateway = await StartAsync(upstream.Address, trusts: true, sends: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-GW-Deadline-Ms", "500" } } };
        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Contains("deadline-exceeded", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static Task EchoAsync(HttpContext context) => context.Response.WriteAsync(context.Request.Headers["X-GW-Deadline-Ms"].ToString());

    private Task<TestHost> StartAsync(Uri upstream, bool trusts, bool sends) => Upstream.GatewayToAsync(
        upstream,
        static cluster => cluster with { Timeouts = new() { Total = TimeSpan.FromSeconds(4) } },
        builder => builder.Services.AddSingleton<TimeProvider>(_time).Configure<GatewayOptions>(options =>
        {
            options.SendDeadlines = sends;
            options.TrustedProxies = trusts ? [IPNetwork.Parse("127.0.0.0/8")] : [];
        }));

    private static async Task<string> GetAsync(TestHost gateway, string? stated = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        if (stated is not null)
        {
            request.Headers.Add("X-GW-Deadline-Ms", stated);
        }

        using var answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
