using Google.Protobuf;
using Grpc.Core;

namespace GatewayKit.ClientTests.Grpc.Interop;

/// <summary>The cases by the names of the public list. Each checks what the list asks for and returns what the client saw.</summary>
internal static class InteropCases
{
    private const string SpecialMessage = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

    // How a client of Grpc.Net asks for a compressed request.
    private static readonly Metadata Compressing = new() { { "grpc-internal-encoding-request", "gzip" } };

    public static IReadOnlyDictionary<string, Func<InteropClient, CancellationToken, Task<string>>> All { get; } =
        new Dictionary<string, Func<InteropClient, CancellationToken, Task<string>>>
        {
            ["empty_unary"] = EmptyUnaryAsync,
            ["cacheable_unary"] = CacheableUnaryAsync,
            ["large_unary"] = LargeUnaryAsync,
            ["client_compressed_unary"] = ClientCompressedUnaryAsync,
            ["server_compressed_unary"] = ServerCompressedUnaryAsync,
            ["client_streaming"] = ClientStreamingAsync,
            ["client_compressed_streaming"] = ClientCompressedStreamingAsync,
            ["server_streaming"] = ServerStreamingAsync,
            ["server_compressed_streaming"] = ServerCompressedStreamingAsync,
            ["ping_pong"] = PingPongAsync,
            ["empty_stream"] = EmptyStreamAsync,
            ["custom_metadata"] = CustomMetadataAsync,
            ["status_code_and_message"] = StatusCodeAndMessageAsync,
            ["special_status_message"] = SpecialStatusMessageAsync,
            ["unimplemented_method"] = UnimplementedMethodAsync,
            ["unimplemented_service"] = UnimplementedServiceAsync,
            ["cancel_after_begin"] = CancelAfterBeginAsync,
            ["cancel_after_first_response"] = CancelAfterFirstResponseAsync,
            ["timeout_on_sleeping_server"] = TimeoutOnSleepingServerAsync,
        };

    private static async Task<string> EmptyUnaryAsync(InteropClient client, CancellationToken limit)
    {
        using var call = client.Calls.NothingAsync(new(), cancellationToken: limit);
        Assert.Equal(new(), await call);
        return Describe(call.GetStatus(), call.GetTrailers());
    }

    // The list has it sent as a GET, which Grpc.Net cannot. What is left: a POST is never answered from a store.
    private static async Task<string> CacheableUnaryAsync(InteropClient client, CancellationToken limit)
    {
        var serials = new List<int>();
        for (var i = 0; i < 2; i++)
        {
            var headers = new Metadata { { "cache-control", "max-age=60" }, { "x-user-ip", "1.2.3.4" } };
            var answer = await client.Calls.CacheableAsync(new() { Payload = ByteString.CopyFromUtf8("same") }, headers, cancellationToken: limit);
            Assert.Equal("same", answer.Payload.ToStringUtf8());
            serials.Add(answer.Serial);
        }

        Assert.Equal([1, 2], serials);
        return string.Join(' ', serials);
    }

    private static async Task<string> LargeUnaryAsync(InteropClient client, CancellationToken limit)
    {
        using var call = client.Calls.UnaryAsync(LargeCall(), cancellationToken: limit);
        Assert.Equal(new byte[314_159], (await call).Payload.ToByteArray());
        return Describe(call.GetStatus(), call.GetTrailers());
    }

    private static async Task<string> ClientCompressedUnaryAsync(InteropClient client, CancellationToken limit)
    {
        // The probe: a service that did not look would let this pass.
        var lie = LargeCall();
        lie.IsCompressed = true;
        var refusal = await FailureAsync(client.Calls.UnaryAsync(lie, cancellationToken: limit).ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);

        var compressed = await client.Calls.UnaryAsync(lie, Compressing, cancellationToken: limit);
        var plain = LargeCall();
        plain.IsCompressed = false;
        var uncompressed = await client.Calls.UnaryAsync(plain, cancellationToken: limit);
        Assert.Equal((314_159, 314_159), (compressed.Payload.Length, uncompressed.Payload.Length));
        return Describe(refusal);
    }

    private static async Task<string> ServerCompressedUnaryAsync(InteropClient client, CancellationToken limit)
    {
        var seen = new List<string>();
        foreach (var compressed in (bool[])[true, false])
        {
            var call = LargeCall();
            call.Wanted[0].Compressed = compressed;
            var answer = await client.Calls.UnaryAsync(call, cancellationToken: limit);
            Assert.Equal(314_159, answer.Payload.Length);
            Assert.Equal([compressed], client.Compressed);
            seen.Add($"{client.Encoding} {compressed}");
        }

        return string.Join('\n', seen);
    }

    private static async Task<string> ClientStreamingAsync(InteropClient client, CancellationToken limit)
    {
        using var call = client.Calls.Collect(cancellationToken: limit);
        foreach (var bytes in (int[])[27_182, 8, 1_828, 45_904])
        {
            await call.RequestStream.WriteAsync(new() { Payload = ByteString.CopyFrom(new byte[bytes]) }, limit);
        }

        await call.RequestStream.CompleteAsync();
        Assert.Equal(74_922, (await call).Bytes);
        return Describe(call.GetStatus(), call.GetTrailers());
    }

    private static async Task<string> ClientCompressedStreamingAsync(InteropClient client, CancellationToken limit)
    {
        using var probe = client.Calls.Collect(cancellationToken: limit);
        await probe.RequestStream.WriteAsync(new() { Payload = ByteString.CopyFrom(new byte[27_182]), IsCompressed = true }, limit);
        var refusal = await FailureAsync(probe.ResponseAsync);
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);

        using var call = client.Calls.Collect(Compressing, cancellationToken: limit);
        await call.RequestStream.WriteAsync(new() { Payload = ByteString.CopyFrom(new byte[27_182]), IsCompressed = true }, limit);
        call.RequestStream.WriteOptions = new(WriteFlags.NoCompress);
        await call.RequestStream.WriteAsync(new() { Payload = ByteString.CopyFrom(new byte[45_904]), IsCompressed = false }, limit);
        await call.RequestStream.CompleteAsync();
        Assert.Equal(73_086, (await call).Bytes);
        return $"{Describe(refusal)}\n{Describe(call.GetStatus(), call.GetTrailers())}";
    }

    private static async Task<string> ServerStreamingAsync(InteropClient client, CancellationToken limit)
    {
        using var call = client.Calls.Stream(Wanting(31_415, 9, 2_653, 58_979), cancellationToken: limit);
        var sizes = await call.ResponseStream.ReadAllAsync(limit).Select(static answer => answer.Payload.Length).ToListAsync(limit);
        Assert.Equal([31_415, 9, 2_653, 58_979], sizes);
        return Describe(call.GetStatus(), call.GetTrailers());
    }

    private static async Task<string> ServerCompressedStreamingAsync(InteropClient client, CancellationToken limit)
    {
        var request = new Call { Wanted = { new Wanted { Bytes = 31_415, Compressed = true }, new Wanted { Bytes = 92_653 } } };
        using var call = client.Calls.Stream(request, cancellationToken: limit);
        var sizes = await call.ResponseStream.ReadAllAsync(limit).Select(static answer => answer.Payload.Length).ToListAsync(limit);
        Assert.Equal([31_415, 92_653], sizes);
        Assert.Equal([true, false], client.Compressed);
        return $"{client.Encoding} {Describe(call.GetStatus(), call.GetTrailers())}";
    }

    private static async Task<string> PingPongAsync(InteropClient client, CancellationToken limit)
    {
        using var call = client.Calls.Duplex(cancellationToken: limit);
        foreach (var (sent, wanted) in ((int, int)[])[(27_182, 31_415), (8, 9), (1_828, 2_653), (45_904, 58_979)])
        {
            var request = Wanting(wanted);
            request.Payload = ByteString.CopyFrom(new byte[sent]);
            await call.RequestStream.WriteAsync(request, limit);
            Assert.True(await call.ResponseStream.MoveNext(limit));
            Assert.Equal(wanted, call.ResponseStream.Current.Payload.Length);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(limit));
        return Describe(call.GetStatus(), call.GetTrailers());
    }

    private static async Task<string> EmptyStreamAsync(InteropClient client, CancellationToken limit)
    {
        using var call = client.Calls.Duplex(cancellationToken: limit);
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(limit));
        return Describe(call.GetStatus(), call.GetTrailers());
    }

    private static async Task<string> CustomMetadataAsync(InteropClient client, CancellationToken limit)
    {
        var metadata = new Metadata { { InteropService.EchoInitial, "test_initial_metadata_value" }, { InteropService.EchoTrailing, [0xab, 0xab, 0xab] } };
        using var unary = client.Calls.UnaryAsync(LargeCall(), metadata, cancellationToken: limit);
        await unary;
        CheckEchoed(await unary.ResponseHeadersAsync, unary.GetTrailers());

        using var duplex = client.Calls.Duplex(metadata, cancellationToken: limit);
        await duplex.RequestStream.WriteAsync(Wanting(314_159), limit);
        await duplex.RequestStream.CompleteAsync();
        Assert.Single(await duplex.ResponseStream.ReadAllAsync(limit).ToListAsync(limit));
        CheckEchoed(await duplex.ResponseHeadersAsync, duplex.GetTrailers());
        return $"{Describe(unary.GetStatus(), unary.GetTrailers())}\n{Describe(duplex.GetStatus(), duplex.GetTrailers())}";
    }

    private static void CheckEchoed(Metadata headers, Metadata trailers)
    {
        Assert.Equal("test_initial_metadata_value", headers.GetValue(InteropService.EchoInitial));
        Assert.Equal([0xab, 0xab, 0xab], trailers.GetValueBytes(InteropService.EchoTrailing));
    }

    private static async Task<string> StatusCodeAndMessageAsync(InteropClient client, CancellationToken limit)
    {
        var request = new Call { Ending = new() { Code = 2, Message = "test status message" } };
        var unary = await FailureAsync(client.Calls.UnaryAsync(request, cancellationToken: limit).ResponseAsync);
        using var call = client.Calls.Duplex(cancellationToken: limit);
        await call.RequestStream.WriteAsync(request, limit);
        await call.RequestStream.CompleteAsync();
        var duplex = await FailureAsync(call.ResponseStream.MoveNext(limit));
        Assert.Equal((StatusCode.Unknown, "test status message"), (unary.StatusCode, unary.Status.Detail));
        Assert.Equal((StatusCode.Unknown, "test status message"), (duplex.StatusCode, duplex.Status.Detail));
        return $"{Describe(unary)}\n{Describe(duplex)}";
    }

    private static async Task<string> SpecialStatusMessageAsync(InteropClient client, CancellationToken limit)
    {
        var request = new Call { Ending = new() { Code = 2, Message = SpecialMessage } };
        var failure = await FailureAsync(client.Calls.UnaryAsync(request, cancellationToken: limit).ResponseAsync);
        Assert.Equal((StatusCode.Unknown, SpecialMessage), (failure.StatusCode, failure.Status.Detail));
        return Describe(failure);
    }

    private static async Task<string> UnimplementedMethodAsync(InteropClient client, CancellationToken limit)
    {
        var failure = await FailureAsync(client.Calls.NobodyWroteThisAsync(new(), cancellationToken: limit).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
        return Describe(failure);
    }

    private static async Task<string> UnimplementedServiceAsync(InteropClient client, CancellationToken limit)
    {
        var failure = await FailureAsync(client.Others.NothingAsync(new(), cancellationToken: limit).ResponseAsync);
        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
        return Describe(failure);
    }

    private static async Task<string> CancelAfterBeginAsync(InteropClient client, CancellationToken limit)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(limit);
        using var call = client.Calls.Collect(cancellationToken: cancel.Token);

        // The list cancels at once. Something has to be sent here, or the service would never know of the call.
        await call.RequestStream.WriteAsync(new() { Payload = ByteString.CopyFrom(new byte[8]) }, limit);
        await client.Journal.BegunAsync(limit);
        await cancel.CancelAsync();
        var failure = await FailureAsync(call.ResponseAsync);
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        await client.Journal.CancelledAsync(limit);
        return Describe(failure);
    }

    private static async Task<string> CancelAfterFirstResponseAsync(InteropClient client, CancellationToken limit)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(limit);
        using var call = client.Calls.Duplex(cancellationToken: cancel.Token);
        await call.RequestStream.WriteAsync(Wanting(31_415), limit);
        Assert.True(await call.ResponseStream.MoveNext(limit));
        await cancel.CancelAsync();
        var failure = await FailureAsync(call.ResponseStream.MoveNext(limit));
        Assert.Equal(StatusCode.Cancelled, failure.StatusCode);
        await client.Journal.CancelledAsync(limit);
        return Describe(failure);
    }

    private static async Task<string> TimeoutOnSleepingServerAsync(InteropClient client, CancellationToken limit)
    {
        // The list asks for 1 ms, which may end before anything is sent; half a second has the service cancelled, too.
        using var call = client.Calls.Duplex(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(500), cancellationToken: limit);
        await call.RequestStream.WriteAsync(new() { Payload = ByteString.CopyFrom(new byte[27_182]) }, limit);
        var failure = await FailureAsync(call.ResponseStream.MoveNext(limit));
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        await client.Journal.CancelledAsync(limit);
        return failure.StatusCode.ToString();
    }

    private static Call LargeCall()
    {
        var call = Wanting(314_159);
        call.Payload = ByteString.CopyFrom(new byte[271_828]);
        return call;
    }

    private static Call Wanting(params IEnumerable<int> sizes) => new() { Wanted = { sizes.Select(static bytes => new Wanted { Bytes = bytes }) } };

    private static Task<RpcException> FailureAsync(Task call) => Assert.ThrowsAsync<RpcException>(() => call);

    private static string Describe(RpcException failure) => Describe(failure.Status, failure.Trailers);

    private static string Describe(Status status, Metadata trailers) =>
        $"{status.StatusCode} '{status.Detail}' {string.Join("; ", trailers.Where(static entry => entry.Key is not "date").Select(static entry => entry.IsBinary ? $"{entry.Key} {Convert.ToHexString(entry.ValueBytes)}" : $"{entry.Key} {entry.Value}"))}";
}
