using System.Net;
using GatewayKit.Clusters;

namespace GatewayKit.Tests.Clusters;

public sealed class BrokenConnectionTests
{
    [Fact]
    public async Task Content_of_a_custom_handler_that_never_opens_is_not_waited_for()
    {
        using var content = new NeverContent();
        using var answer = new HttpResponseMessage { Version = HttpVersion.Version11, Content = content };
        await BrokenConnection.CloseAsync(answer, endsAtOnce: false).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(content.Token.IsCancellationRequested);
    }

    private sealed class NeverContent : HttpContent
    {
        public CancellationToken Token { get; private set; }

        protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        {
            Token = cancellationToken;
            return new TaskCompletionSource<Stream>().Task;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
