using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using GatewayKit.Chaos;
using static GatewayKit.WireTests.Chaos.ProxiedPair;

namespace GatewayKit.WireTests.Chaos;

public sealed class ChaosProxyTests
{
    [Fact]
    public async Task Down_refuses_and_resets_and_up_is_at_the_same_port()
    {
        await using var pair = await StartAsync();
        for (var turn = 0; turn < 20; turn++)
        {
            pair.Proxy.Down();
            await ExpectResetAsync(pair.Client);
            await ExpectResetAsync(pair.Server);
            using var late = new TcpClient();
            var refused = await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(pair.Proxy.EndPoint));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
            pair.Proxy.Up();
            await pair.ConnectAsync();
            await SendAsync(pair.Client, "again");
            Assert.Equal("again", await ReadAsync(pair.Server, 5));
        }
    }

    [Fact]
    public async Task A_share_of_the_connections_is_the_same_under_one_seed()
    {
        List<int[]> runs = [];
        for (var run = 0; run < 2; run++)
        {
            await using var pair = await StartAsync();
            pair.Proxy.Add("half", new DataLimit(0) { Share = 0.5, Flow = Flow.Answers });
            List<int> cut = [];
            for (var connection = 0; connection < 40; connection++)
            {
                await pair.ConnectAsync();
                await SendAsync(pair.Server, "answer");
                if ((await ReadAsync(pair.Client)).Length == 0)
                {
                    cut.Add(connection);
                }
            }

            runs.Add([.. cut]);
        }

        Assert.Equal(runs[0], runs[1]);
        Assert.InRange(runs[0].Length, 8, 32);
    }

    [Fact]
    public async Task A_stop_leaves_no_connection_and_tells_all()
    {
        var pair = await StartAsync(new BlackHole());
        await SendAsync(pair.Client, "held");
        await pair.Proxy.DisposeAsync();
        await ExpectResetAsync(pair.Server);
        Assert.Equal(0, pair.Proxy.Open);
        Assert.Contains(pair.Proxy.Log.Lines, static line => line.EndsWith(" 1 accept", StringComparison.Ordinal));
        Assert.EndsWith("0 stop", pair.Proxy.Log.Lines[^1], StringComparison.Ordinal);
        await pair.DisposeAsync();
    }

    [Fact]
    public async Task A_destination_that_refuses_resets_the_client()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using var proxy = ChaosProxy.Start((IPEndPoint)nobody.LocalEndPoint!);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        // The reset may overtake what tells that the connection is there.
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            await client.ConnectAsync(proxy.EndPoint);
            await ReadAsync(client);
        });
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Theory]
    [InlineData("add a latency delay=50 jitter=5 flow=answers share=0.5")]
    [InlineData("add a bandwidth rate=1000")]
    [InlineData("add a slow-close delay=50")]
    [InlineData("add a black-hole close-after=50")]
    [InlineData("add a black-hole")]
    [InlineData("add a reset bytes=10 delay=5")]
    [InlineData("add a slicer size=3 variation=1 delay=5")]
    [InlineData("add a limit bytes=10")]
    public async Task A_line_adds_a_toxic(string line)
    {
        await using var pair = await StartAsync();
        ChaosCommand.Run(pair.Proxy, line);
        Assert.Equal("a", Assert.Single(pair.Proxy.Toxics).Key);
        ChaosCommand.Run(pair.Proxy, "remove a");
        Assert.Empty(pair.Proxy.Toxics);
    }

    [Theory]
    [InlineData("")]
    [InlineData("explode")]
    [InlineData("add a")]
    [InlineData("add a fire")]
    [InlineData("add a latency")]
    [InlineData("add a latency delay=-1")]
    [InlineData("add a latency delay=1 speed=2")]
    [InlineData("add a limit bytes=1 flow=sideways")]
    [InlineData("add a limit bytes=1 share=2")]
    [InlineData("add a limit bytes")]
    [InlineData("add a limit bytes=1 bytes=2")]
    public async Task A_line_that_is_no_command_does_nothing(string line)
    {
        await using var pair = await StartAsync();
        Assert.Throws<FormatException>(() => ChaosCommand.Run(pair.Proxy, line));
        Assert.Empty(pair.Proxy.Toxics);
    }

    [Fact]
    public async Task Another_process_gives_orders_by_lines()
    {
        await using var pair = await StartAsync();
        await using var control = ChaosControl.Start(pair.Proxy);
        using var client = new TcpClient();
        await client.ConnectAsync(control.EndPoint);
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true };
        await writer.WriteLineAsync("add hole black-hole");
        Assert.Equal("ok", await reader.ReadLineAsync());
        Assert.IsType<BlackHole>(Assert.Single(pair.Proxy.Toxics).Value);
        await writer.WriteLineAsync("explode");
        Assert.StartsWith("error 'explode'", await reader.ReadLineAsync(), StringComparison.Ordinal);
        await writer.WriteLineAsync("log");
        Assert.Contains("0 start", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_a_process_it_says_where_it_is_and_ends_with_its_input()
    {
        await using var pair = await StartAsync();
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(ChaosProxy).Assembly.Location, pair.Proxy.EndPoint.ToString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var words = (await process.StandardOutput.ReadLineAsync())!.Split(' ');
        using (var client = new TcpClient())
        using (var control = new TcpClient())
        {
            await client.ConnectAsync(IPEndPoint.Parse(words[1]));
            await control.ConnectAsync(IPEndPoint.Parse(words[3]));
            await using var writer = new StreamWriter(control.GetStream()) { AutoFlush = true };
            using var reader = new StreamReader(control.GetStream());
            await writer.WriteLineAsync("down");
            Assert.Equal("ok", await reader.ReadLineAsync());
            await ExpectResetAsync(client.Client);
        }

        process.StandardInput.Close();
        Assert.Contains("0 down", await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }
}
