using System.Threading.Channels;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static GatewayKit.FunctionalTests.Forwarding.WebSocketScripts;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>What becomes of open WebSockets when the host stops.</summary>
public sealed class WebSocketDrainTests
{
    [Fact]
    public async Task Both_sides_are_sent_1001_and_the_host_stops_when_they_answered()
    {
        var accepted = Channel.CreateUnbounded<RawConnection>();
        await using var upstream = Keeping(accepted);
        await using var gateway = await StartAsync(upstream.Address);
        using var client = await OpenAsync(gateway.Address);
        var destination = await accepted.Reader.ReadAsync();
        await client.SendAsync(Frame("one", masked: true));
        Assert.Equal("one", await destination.ReadMaskedAsync('\u0082'));

        var stopping = gateway.App.StopAsync();
        Assert.Equal(GoingAway, await client.ReadAsync(4));
        Assert.Equal("\u0003\u00e9", await destination.ReadMaskedAsync('\u0088'));
        Assert.False(stopping.IsCompleted);
        await client.SendAsync(Frame("\u0003\u00e9", masked: true, '\u0088'));
        await destination.SendAsync(GoingAway);
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Empty(await destination.ReadToEndAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    [Fact]
    public async Task Close_waits_for_the_end_of_a_frame_and_nothing_follows_it()
    {
        var accepted = Channel.CreateUnbounded<RawConnection>();
        await using var upstream = Keeping(accepted);
        await using var gateway = await StartAsync(upstream.Address);
        using var client = await OpenAsync(gateway.Address);
        var destination = await accepted.Reader.ReadAsync();

        // Half a frame to the client; the other direction stands between two.
        await destination.SendAsync("\u0082\u0006abc");
        Assert.Equal("\u0082\u0006abc", await client.ReadAsync(5));
        var stopping = gateway.App.StopAsync();
        Assert.Equal("\u0003\u00e9", await destination.ReadMaskedAsync('\u0088'));
        await destination.SendAsync("def" + Frame("whole", masked: false) + "\u0082\u0005pa");
        Assert.Equal("def" + Frame("whole", masked: false) + GoingAway, await client.ReadAsync(3 + 7 + 4));

        // What the destination goes on to say is dropped, up to its answer; so is what the client says.
        await destination.SendAsync("rts" + GoingAway);
        await client.SendAsync(Frame("late", masked: true) + Frame(string.Empty, masked: true, '\u0088'));
        Assert.Empty(await client.ReadToEndAsync());
        Assert.Empty(await destination.ReadToEndAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    [Fact]
    public async Task Close_that_is_under_way_is_left_to_its_peers()
    {
        var accepted = Channel.CreateUnbounded<RawConnection>();
        await using var upstream = Keeping(accepted);
        await using var gateway = await StartAsync(upstream.Address);
        using var client = await OpenAsync(gateway.Address);
        var destination = await accepted.Reader.ReadAsync();
        await client.SendAsync(Frame("\u0003\u00e8", masked: true, '\u0088'));
        Assert.Equal("\u0003\u00e8", await destination.ReadMaskedAsync('\u0088'));
        var stopping = gateway.App.StopAsync();
        await destination.SendAsync("\u0088\u0002\u0003\u00e8");
        destination.Dispose();
        Assert.Equal("\u0088\u0002\u0003\u00e8", await client.ReadToEndAsync());
        await stopping.WaitAsync(RawConnection.Limit);
    }

    /// <summary>A peer that does not answer costs the host its time to stop, and no more.</summary>
    [Fact]
    public async Task Side_that_does_not_answer_is_cut_in_time()
    {
        var accepted = Channel.CreateUnbounded<RawConnection>();
        await using var upstream = Keeping(accepted);
        var observer = new TunnelObserver();
        await using var gateway = await StartAsync(upstream.Address, TimeSpan.FromSeconds(2), observer);
        using var client = await OpenAsync(gateway.Address);
        await accepted.Reader.ReadAsync();
        await gateway.App.StopAsync().WaitAsync(RawConnection.Limit);
        Assert.Equal(GoingAway, await client.ReadToEndAsync());
        var (record, reason) = await observer.NextAsync();
        Assert.Equal((TunnelSide.Gateway, "draining"), (record!.EndedBy, reason));
    }

    [Fact]
    public async Task Handshake_while_the_host_stops_is_told_to_try_elsewhere()
    {
        var accepted = Channel.CreateUnbounded<RawConnection>();
        await using var upstream = Keeping(accepted);
        await using var gateway = await StartAsync(upstream.Address);
        using var open = await OpenAsync(gateway.Address);

        // The host says that it stops; its server still listens.
        gateway.App.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.Equal(GoingAway, await open.ReadAsync(4));
        using var late = await RawConnection.ConnectAsync(gateway.Address);
        await late.SendAsync(Handshake());
        var answer = await late.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 503", answer);
        Assert.Contains("\"code\":\"draining\"", answer);
        Assert.Contains("Retry-After: 1", answer);
    }

    private static RawUpstream Keeping(Channel<RawConnection> accepted) => RawUpstream.Start(async (connection, _) =>
    {
        await connection.AcceptAsync();
        await accepted.Writer.WriteAsync(connection);
        await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
    });

    private static Task<TestHost> StartAsync(Uri upstream, TimeSpan? shutdown = null, TunnelObserver? observer = null) => Upstream.GatewayToAsync(upstream, services: builder =>
    {
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = shutdown ?? RawConnection.Limit);
        if (observer is not null)
        {
            builder.Services.AddSingleton<IGatewayObserver>(observer);
        }
    });
}
