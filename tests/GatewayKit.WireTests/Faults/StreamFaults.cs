using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using GatewayKit.WireTests.Http2;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.WireTests.Faults;

/// <summary>The rows of the catalogue that belong to streams: what is surely unprocessed goes elsewhere whatever its method, the rest by its class.</summary>
internal static class StreamFaults
{
    // RFC 9113 §6.5.2.
    public const int MaxConcurrentStreams = 0x3;
    private const int InitialWindowSize = 0x4;

    public static IReadOnlyList<StreamFault> All { get; } =
    [
        // RFC 9113 §8.7: surely not processed, so any method may go elsewhere.
        Reset("refused", ErrorCode.RefusedStream) with { Get = ForwardError.UpstreamRefused, Post = ForwardError.UpstreamRefused, RetriesPost = true },
        Reset("internal error", ErrorCode.InternalError),
        Reset("enhance your calm", ErrorCode.EnhanceYourCalm),
        new("connection reset")
        {
            RetriesGet = true,
            Script = static async (connection, _) =>
            {
                await connection.TakeRequestAsync();
                connection.Abort();
            },
        },

        // The handler asks other connections of the same destination, for that is what the frame means; when they say the same, its error no longer tells a
        // stream that was above the last one from others.
        GoAway("goaway below the stream", static _ => 0),
        GoAway("goaway at the stream", static stream => stream),
        new("goaway, then as many connections as it takes")
        {
            Get = ForwardError.None,
            Post = ForwardError.None,
            Script = static async (connection, _) =>
            {
                var request = await connection.TakeRequestAsync();
                if (connection.Number < 3)
                {
                    await connection.SendAsync(Frames.GoAway(0, ErrorCode.NoError));
                    await connection.ReadToEndAsync();
                    return;
                }

                await connection.AnswerAsync(request.Stream, "first");
                await connection.ReadToEndAsync();
            },
        },
        // Of none at all the handler would not even send the head; one byte, and then none, is the same to an upload.
        Silent("window that is used up and stays so") with
        {
            Settings = [(InitialWindowSize, 1)],
            IsReused = true,
            Get = ForwardError.None,
            Post = ForwardError.UpstreamStalled,
            RetriesGet = false,
            Script = static async (connection, lab) =>
            {
                while ((await connection.TakeRequestHeadAsync()) is var request && request[":method"] == "GET")
                {
                    await connection.AnswerAsync(request.Stream, "first");
                }

                await connection.TakeAsync(static frame => frame is { Type: FrameType.Data, Payload: "b" });
                lab.Reach();
                await connection.ReadToEndAsync();
            },
        },
        Silent("no answer to a ping") with
        {
            IsClocked = false,

            // As the gateway makes it, with the least that the handler allows in place of half a minute. Its clock is the machine's.
            Gateway = static gateway => gateway.UseUpstreamHandler("up", static () =>
            {
                var handler = UpstreamHandlers.Create(new(), new(), TimeSpan.FromSeconds(5));
                (handler.KeepAlivePingDelay, handler.KeepAlivePingTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
                return handler;
            }),
            Script = static async (connection, _) =>
            {
                await connection.TakeRequestAsync();
                await connection.TakeAsync(static frame => frame.Type is FrameType.Ping);
                await connection.ReadToEndAsync();
            },
        },
    ];

    private static StreamFault Reset(string name, ErrorCode code) => new(name)
    {
        RetriesGet = true,
        Script = async (connection, _) =>
        {
            while (true)
            {
                var request = await connection.TakeRequestAsync();
                await connection.SendAsync(Frames.Reset(request.Stream, code));
            }
        },
    };

    private static StreamFault GoAway(string name, Func<int, int> last) => new(name)
    {
        RetriesGet = true,
        Script = async (connection, _) =>
        {
            var request = await connection.TakeRequestAsync();
            await connection.SendAsync(Frames.GoAway(last(request.Stream), ErrorCode.NoError));
        },
    };

    private static StreamFault Silent(string name) => new(name) { RetriesGet = true, IsClocked = true, Script = static (_, _) => Task.CompletedTask };
}
