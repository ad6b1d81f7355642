using GatewayKit.ClientTests.Hosting;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.ClientTests.Grpc;

/// <summary>A gRPC client → Standalone → a gRPC service; h2c on both sides unless the name says otherwise.</summary>
public sealed class GrpcTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly EchoService.Gates _gates = new();
    private readonly TemporaryFolder _folder = new();
    private TestCertificate _certificate = null!;
    private Upstream _upstream = null!;
    private StandaloneProcess _standalone = null!;
    private GrpcChannel _channel = null!;
    private Echo.EchoClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _certificate = TestCertificate.Write(_folder);
        _upstream = await Upstream.StartAsync(
            static app => app.MapGrpcService<EchoService>(),
            services => services.AddSingleton(_gates).AddGrpc(),
            HttpProtocols.Http2);
        _standalone = await StandaloneProcess.StartAsync(
            StandaloneProcess.ForwardAllTo(_upstream.Address, """{ "Version": "2.0", "VersionPolicy": "RequestVersionExact" }"""),
            ["h2c", "https"],
            "--certificate", _certificate.File, "--certificate-key", _certificate.KeyFile);
        _channel = GrpcChannel.ForAddress(_standalone.Addresses[0]);
        _client = new(_channel);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _standalone.DisposeAsync();
        await _upstream.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Unary_call_carries_message_metadata_and_trailers()
    {
        using var call = _client.OnceAsync(new() { Text = "hello" }, new Metadata { { "sent", "along" } }, Deadline());
        Assert.Equal("along", (await call.ResponseHeadersAsync).GetValue("seen"));
        Assert.Equal("hello", (await call).Text);
        Assert.Equal("wagged", call.GetTrailers().GetValue("tail"));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Unary_call_carries_a_message_of_three_megabytes()
    {
        var ballast = new byte[3_000_000];
        Random.Shared.NextBytes(ballast);
        var answer = await _client.OnceAsync(new() { Ballast = Google.Protobuf.ByteString.CopyFrom(ballast) }, deadline: Deadline());
        Assert.Equal(ballast, answer.Ballast.ToByteArray());
    }

    [Fact]
    public async Task Server_stream_delivers_a_message_while_the_next_is_not_written_yet()
    {
        using var call = _client.Repeat(new() { Text = "tick" }, deadline: Deadline());
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Equal("tick 1", call.ResponseStream.Current.Text);
        _gates.FirstSeen.SetResult();
        Assert.True(await call.ResponseStream.MoveNext());
        Assert.Equal("tick 2", call.ResponseStream.Current.Text);
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Client_stream_is_answered_after_its_last_message()
    {
        using var call = _client.Join(deadline: Deadline());
        foreach (var word in (string[])["one", "two", "three"])
        {
            await call.RequestStream.WriteAsync(new() { Text = word });
        }

        await call.RequestStream.CompleteAsync();
        Assert.Equal("one two three", (await call).Text);
    }

    [Fact]
    public async Task Bidirectional_stream_takes_turns()
    {
        using var call = _client.Chat(deadline: Deadline());
        for (var i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new() { Text = $"{i}" });
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal($"you said {i}", call.ResponseStream.Current.Text);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Fact]
    public async Task Status_and_trailers_of_a_failed_call_arrive()
    {
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.FailAsync(new() { Text = "not now" }, deadline: Deadline()));
        Assert.Equal(new(StatusCode.FailedPrecondition, "not now"), new Status(failure.StatusCode, failure.Status.Detail));
        Assert.Equal("asked to", failure.Trailers.GetValue("reason"));
    }

    [Fact]
    public async Task Cancelled_call_is_cancelled_at_the_service()
    {
        using var cancel = new CancellationTokenSource();
        using var call = _client.HangAsync(new(), cancellationToken: cancel.Token);
        await _gates.Hanging.Task.WaitAsync(Limit);
        await cancel.CancelAsync();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode);
        await _gates.Cancelled.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task Call_over_tls_negotiates_http2()
    {
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = _certificate.TrustPolicy() } };
        using var channel = GrpcChannel.ForAddress(_standalone.Addresses[1], new() { HttpHandler = handler });
        var answer = await new Echo.EchoClient(channel).OnceAsync(new() { Text = "sealed" }, deadline: Deadline());
        Assert.Equal("sealed", answer.Text);
    }

    private static DateTime Deadline() => TimeProvider.System.GetUtcNow().UtcDateTime + Limit;
}
