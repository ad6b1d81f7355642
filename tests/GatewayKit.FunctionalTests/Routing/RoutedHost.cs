using System.Net;
using System.Net.Sockets;
using System.Text;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Routing;

/// <summary>A gateway whose routes answer with their own id, asked over raw sockets so that nothing is normalised on the way.</summary>
internal sealed class RoutedHost(TestHost host) : IAsyncDisposable
{
    public TestHost Host => host;

    public static Task<RoutedHost> StartAsync(params GatewayRoute[] routes) => StartAsync(static app => app.MapGatewayRoutes(), routes);

    public static async Task<RoutedHost> StartAsync(Action<WebApplication> map, params GatewayRoute[] routes) =>
        new(await TestHost.GatewayAsync(services: gateway => gateway.AddRoutes(routes), map: map));

    public static GatewayRoute Route(string id, RouteMatch match, int priority = 0) =>
        new() { Id = id, Match = match, Priority = priority, Respond = new() { Body = id } };

    /// <summary>The id of the route that answered, or the status where none did.</summary>
    public async Task<string> AskAsync(string target, string host = "localhost", string method = "GET", params string[] headers)
    {
        var (status, head, body) = await SendAsync($"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{string.Concat(headers.Select(static line => line + "\r\n"))}Connection: close\r\n\r\n");
        return status == 200 && body.Length > 0 ? body : status == 200 ? head : status.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<(int Status, string Head, string Body)> SendAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var (head, body) = (answer[..end], answer[(end + 4)..]);
        return (int.Parse(answer.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture), head, head.Contains("chunked") ? Unchunk(body) : body);
    }

    private static string Unchunk(string body)
    {
        var content = new StringBuilder();
        for (var rest = body; rest.IndexOf("\r\n", StringComparison.Ordinal) is var line and > 0;)
        {
            var length = Convert.ToInt32(rest[..line], 16);
            content.Append(rest, line + 2, length);
            rest = rest[(line + 4 + length)..];
        }

        return content.ToString();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
