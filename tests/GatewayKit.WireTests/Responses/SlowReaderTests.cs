using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.WireTests.Upstreams;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Responses;

/// <summary>Clients that ask for much and read nothing hold only so much of it, and get the rest when they read on.</summary>
public sealed class SlowReaderTests
{
    private const int Count = 50;
    private const int Size = 10 * 1_048_576;
    private const int Most = 1_048_576;

    // The kernel would hold mebibytes for each client on loopback: these are what a test can count with.
    private const int SocketBuffer = 65_536;

    private static readonly byte[] Body = MakeBody();

    private readonly WatchedConnections _connections = new();
    private readonly List<WatchedStream> _upstreamEnds = [];

    [Theory]
    [Trait("Fault", "C3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_waits_at_the_destination_until_its_client_reads(bool isChunked)
    {
        await using var upstream = Start(isChunked);
        await using var gateway = await StartAsync(upstream, HttpProtocols.Http1);
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = SocketBuffer };
                clients.Add(client);
                await client.ConnectAsync(gateway.Address.Host, gateway.Address.Port);
                await client.SendAsync(Encoding.Latin1.GetBytes($"GET /{i} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
            }

            await MustHoldLittleAsync();
            await Task.WhenAll(clients.Select(client => MustReceiveAllAsync(client, isChunked)));
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        gateway.MustBecomeQuiet();
    }

    [Fact]
    public async Task Streams_of_one_connection_wait_each_for_its_own_reader()
    {
        await using var upstream = Start(isChunked: false);
        await using var gateway = await StartAsync(upstream, HttpProtocols.Http2);
        using var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        var answers = await Task.WhenAll(Enumerable.Range(0, Count).Select(async i =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Address, $"/{i}")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            return await client.SendAsync(request, CancellationToken.None);
        }));
        await MustHoldLittleAsync();
        foreach (var answer in answers)
        {
            using (answer)
            {
                var body = await answer.Content.ReadAsByteArrayAsync();
                Assert.True(Body.AsSpan().SequenceEqual(body));
            }
        }

        gateway.MustBecomeQuiet();
    }

    private static byte[] MakeBody()
    {
        var body = new byte[Size];
        new Random(7).NextBytes(body);
        return body;
    }

    private ScriptedUpstream Start(bool isChunked) => ScriptedUpstream.Start(async connection =>
    {
        await connection.ReadRequestAsync();
        var end = await _connections.GetAsync(connection.GatewayPort);
        lock (_upstreamEnds)
        {
            _upstreamEnds.Add(end);
        }

        await connection.SendAsync("HTTP/1.1 200 OK\r\n" + (isChunked ? $"Transfer-Encoding: chunked\r\n\r\n{Size:x}\r\n" : $"Content-Length: {Size}\r\n\r\n"));
        await connection.SendAsync(Body);
        if (isChunked)
        {
            await connection.SendAsync("\r\n0\r\n\r\n");
        }

        await connection.ReadToEndAsync();
    });

    private Task<RecordingGateway> StartAsync(ScriptedUpstream upstream, HttpProtocols protocol) => RecordingGateway.StartAsync(
        upstream.Address,
        gateway: gateway =>
        {
            _connections.Watch(gateway, "up");
            gateway.Services.Configure<SocketTransportOptions>(static options => options.CreateBoundListenSocket = static address =>
            {
                var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(address);
                socket.SendBufferSize = SocketBuffer;
                return socket;
            });
        },
        server: static server => server.Limits.MinResponseDataRate = null,
        protocol: protocol);

    // All have begun, and nothing has moved for a while: a gateway that goes on reading is seen at once, for the destination never waits.
    private async Task MustHoldLittleAsync()
    {
        using var limit = new CancellationTokenSource(ScriptedUpstream.Limit);
        var (before, quiet) = (Array.Empty<long>(), 0);
        while (quiet < 10)
        {
            await Task.Delay(20, limit.Token);
            long[] now;
            lock (_upstreamEnds)
            {
                now = [.. _upstreamEnds.Select(static end => end.BytesRead)];
            }

            Assert.All(now, static read => Assert.InRange(read, 0, Most));
            quiet = now.Length == Count && now.All(static read => read > 0) && now.SequenceEqual(before) ? quiet + 1 : 0;
            before = now;
        }
    }

    private static async Task MustReceiveAllAsync(Socket client, bool isChunked)
    {
        using var limit = new CancellationTokenSource(ScriptedUpstream.Limit);
        using var connection = new NetworkStream(client);
        using var stream = new BufferedStream(connection, SocketBuffer);
        Assert.Equal("HTTP/1.1 200 OK", await ReadLineAsync(stream, limit.Token));
        while (await ReadLineAsync(stream, limit.Token) is not "")
        {
        }

        var (received, buffer) = (0, new byte[SocketBuffer]);
        while (isChunked ? Convert.ToInt32(await ReadLineAsync(stream, limit.Token), 16) is var size && size > 0 : (size = Size - received) > 0)
        {
            while (size > 0)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(0, Math.Min(size, buffer.Length)), limit.Token);
                Assert.True(read > 0 && Body.AsSpan(received, read).SequenceEqual(buffer.AsSpan(0, read)), $"The answer is another after {received} bytes.");
                (received, size) = (received + read, size - read);
            }

            Assert.Equal(string.Empty, isChunked ? await ReadLineAsync(stream, limit.Token) : string.Empty);
        }

        Assert.Equal(isChunked ? "\r\n" : string.Empty, await new StreamReader(stream, Encoding.Latin1).ReadToEndAsync(limit.Token));
        Assert.Equal(Size, received);
    }

    private static async Task<string> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        var (line, one) = (new StringBuilder(), new byte[1]);
        while (line is not [.., '\r', '\n'])
        {
            await stream.ReadExactlyAsync(one, cancellationToken);
            line.Append((char)one[0]);
        }

        return line.ToString(0, line.Length - 2);
    }
}
