using Grpc.Core;

namespace GatewayKit.ClientTests.Grpc;

/// <summary>The service behind the gateway.</summary>
internal sealed class EchoService(EchoService.Gates gates) : Echo.EchoBase
{
    public override async Task<Message> Once(Message request, ServerCallContext context)
    {
        await context.WriteResponseHeadersAsync(new() { { "seen", context.RequestHeaders.GetValue("sent") ?? "nothing" } });
        context.ResponseTrailers.Add("tail", "wagged");
        return request;
    }

    public override async Task Repeat(Message request, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(new() { Text = $"{request.Text} 1" }, context.CancellationToken);
        await gates.FirstSeen.Task.WaitAsync(context.CancellationToken);
        await responseStream.WriteAsync(new() { Text = $"{request.Text} 2" }, context.CancellationToken);
    }

    public override async Task<Message> Join(IAsyncStreamReader<Message> requestStream, ServerCallContext context)
    {
        var texts = new List<string>();
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            texts.Add(message.Text);
        }

        return new() { Text = string.Join(' ', texts) };
    }

    public override async Task Chat(IAsyncStreamReader<Message> requestStream, IServerStreamWriter<Message> responseStream, ServerCallContext context)
    {
        await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
        {
            await responseStream.WriteAsync(new() { Text = $"you said {message.Text}" }, context.CancellationToken);
        }
    }

    public override Task<Message> Fail(Message request, ServerCallContext context) =>
        throw new RpcException(new(StatusCode.FailedPrecondition, request.Text), new Metadata { { "reason", "asked to" } });

    public override async Task<Message> Hang(Message request, ServerCallContext context)
    {
        gates.Hanging.TrySetResult();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
        }
        finally
        {
            gates.Cancelled.TrySetResult();
        }

        return request;
    }

    /// <summary>What tests and service wait for.</summary>
    internal sealed class Gates
    {
        public TaskCompletionSource FirstSeen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Hanging { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
