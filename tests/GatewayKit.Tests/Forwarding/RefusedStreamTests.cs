using System.Net;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Forwarding;

/// <summary>A refused stream is one that was surely not processed, however the handler tells of it.</summary>
public sealed class RefusedStreamTests
{
    private const long RefusedStream = 0x7;
    private const long Cancel = 0x8;

    [Theory]
    [InlineData(0, RefusedStream, ForwardError.UpstreamRefused)]
    [InlineData(1, RefusedStream, ForwardError.UpstreamRefused)]

    // An upload that met the stream when it had been reset.
    [InlineData(2, RefusedStream, ForwardError.UpstreamRefused)]
    [InlineData(2, Cancel, ForwardError.UpstreamReset)]
    public void Shape_of_the_exception_does_not_matter(int depth, long code, ForwardError expected)
    {
        Exception exception = new HttpProtocolException(code, "The stream was reset.", null);
        exception = depth switch
        {
            0 => exception,
            1 => new HttpRequestException("An error occurred while sending the request.", exception),
            _ => new HttpRequestException("Error while copying content to a stream.", new IOException("The request was aborted.", exception)),
        };
        using var clock = new ExchangeClocks(TimeProvider.System).Rent();
        clock.Start(new ClusterTimeouts(), new DefaultHttpContext());
        Assert.Equal(expected, ForwardErrors.BeforeHead(exception, clock, body: null, new DefaultHttpContext()));
    }
}
