using System.Net;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>Destinations and clients that hang, on a clock that the test moves.</summary>
public sealed class ClockTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Destination_that_does_not_answer_is_a_gateway_timeout()
    {
        var asked = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            asked.SetResult();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GatewayToAsync(upstream.Address);
        var sending = gateway.Client.GetAsync("/");
        await asked.Task.WaitAsync(RawConnection.Limit);
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(sending.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        using var answer = await sending.WaitAsync(RawConnection.Limit);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("\"code\":\"upstream-timeout\"", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Slow_body_is_cut_by_the_idle_timeout()
    {
        var sent = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            sent.SetResult();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await sent.Task.WaitAsync(RawConnection.Limit);
        await client.ReadThroughAsync("half");

        // One more look of the clock than the time to idle: whichever comes first, the write or the advance, the second one counts.
        _time.Advance(TimeSpan.FromSeconds(61));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(string.Empty, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Client_that_stops_sending_is_told_so()
    {
        var begun = new TaskCompletionSource();
        await using var upstream = RawUpstream.Start(async (connection, number) =>
        {
            if (number > 1)
            {
                await connection.ReadHeadAsync();
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                return;
            }

            await connection.ReadThroughAsync("first");
            begun.SetResult();
            await connection.ReadToEndAsync();
        });
        await using var gateway = await GatewayToAsync(upstream.Address);
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nConnection: close\r\n\r\nfirst");
        await begun.Task.WaitAsync(RawConnection.Limit);

        // The destination has the bytes before the gateway is back at reading: other requests give it the turns it needs.
        for (var i = 0; i < 20; i++)
        {
            using var other = await gateway.Client.GetAsync("/");
        }

        _time.Advance(TimeSpan.FromSeconds(61));
        _time.Advance(TimeSpan.FromSeconds(61));
        var answer = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 408", answer);
        Assert.Contains("\"code\":\"client-timeout\"", answer);
    }

    [Fact]
    public async Task Client_abort_reaches_the_destination_and_writes_nothing()
    {
        var (asked, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = RawUpstream.Start(async (connection, _) =>
        {
            await connection.ReadHeadAsync();
            asked.SetResult();
            await connection.ReadToEndAsync();
            ended.SetResult();
        });
        await using var gateway = await GatewayToAsync(upstream.Address);
        var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await asked.Task.WaitAsync(RawConnection.Limit);
        client.Reset();
        await ended.Task.WaitAsync(RawConnection.Limit);
    }

    [Fact]
    public async Task Host_request_timeout_is_a_gateway_timeout_and_no_client_abort()
    {
        await using var upstream = RawUpstream.Start(static async (connection, _) => await connection.ReadToEndAsync());
        await using var gateway = await TestHost.StartAsync(
            builder =>
            {
                builder.Services.AddRequestTimeouts();
                builder.Services.AddApiGateway().AddCluster("up", upstream.Address.ToString());
            },
            app =>
            {
                app.UseRequestTimeouts();
                app.MapGatewayRoute("/{**rest}", "up").WithRequestTimeout(TimeSpan.FromMilliseconds(200));
            });
        using var answer = await gateway.Client.GetAsync("/").WaitAsync(RawConnection.Limit);
        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Contains("\"code\":\"deadline-exceeded\"", await answer.Content.ReadAsStringAsync());
    }

    private Task<TestHost> GatewayToAsync(Uri address) =>
        Upstream.GatewayToAsync(address, services: builder => builder.Services.AddSingleton<TimeProvider>(_time));
}
