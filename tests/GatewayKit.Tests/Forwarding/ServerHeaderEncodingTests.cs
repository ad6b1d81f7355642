using System.Text;
using GatewayKit.Clusters;
using GatewayKit.Forwarding;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Forwarding;

public sealed class ServerHeaderEncodingTests
{
    [Fact]
    public void Encoding_that_the_host_names_for_one_field_stays_and_the_others_are_filled_in()
    {
        var server = new KestrelServerOptions
        {
            ResponseHeaderEncodingSelector = static name => name == "X-Own" ? Encoding.UTF8 : null,
            RequestHeaderEncodingSelector = static name => name == "X-Own" ? Encoding.UTF8 : null,
        };
        new ServerHeaderEncoding(Options.Create(new GatewayOptions { RequestHeaderEncoding = HeaderEncoding.Latin1 })).PostConfigure(null, server);
        Assert.Same(Encoding.UTF8, server.ResponseHeaderEncodingSelector("X-Own"));
        Assert.Same(Encoding.UTF8, server.RequestHeaderEncodingSelector("X-Own"));
        Assert.Equal("iso-8859-1", server.ResponseHeaderEncodingSelector("X-Any")?.WebName);
        Assert.Equal("iso-8859-1", server.RequestHeaderEncodingSelector("X-Any")?.WebName);
    }

    [Fact]
    public void Requests_keep_what_the_server_does_unless_latin1_is_asked_for()
    {
        var (server, untouched) = (new KestrelServerOptions(), new KestrelServerOptions());
        new ServerHeaderEncoding(Options.Create(new GatewayOptions())).PostConfigure(null, server);
        Assert.Same(untouched.RequestHeaderEncodingSelector, server.RequestHeaderEncodingSelector);
        Assert.Equal("iso-8859-1", server.ResponseHeaderEncodingSelector("X-Any")?.WebName);
    }
}
