using GatewayKit.Clusters;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Forwarding;

/// <summary>One request through a gateway, in bytes on both sides.</summary>
internal static class RawForwarding
{
    public const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// <summary>Sends a request, by default with <c>Connection: close</c>.</summary>
    /// <param name="fields">Further lines of its head, each with its line break.</param>
    /// <param name="options">Changes the gateway. Default: nothing.</param>
    /// <param name="policies">Policies of the route. Default: none.</param>
    /// <param name="method">The method.</param>
    /// <param name="change">Changes the cluster. Default: nothing.</param>
    /// <param name="services">Adds to the gateway. Default: nothing.</param>
    /// <param name="answer">What the destination answers.</param>
    /// <param name="closes">Whether it says <c>Connection: close</c>, beside which the server loses other names.</param>
    public static async Task<(string? Head, string Answer)> SendAsync(
        string fields,
        Action<GatewayOptions>? options = null,
        IGatewayPolicy[]? policies = null,
        string method = "GET",
        Func<Cluster, Cluster>? change = null,
        Action<IServiceCollection>? services = null,
        string answer = Ok,
        bool closes = true)
    {
        await using var upstream = RawUpstream.Answering(answer);
        await using var gateway = await Upstream.GatewayToAsync(upstream.Address, change, builder =>
        {
            builder.Services.Configure<GatewayOptions>(configured => options?.Invoke(configured));
            builder.AddDefaults(policies ?? []);
            services?.Invoke(builder.Services);
        });
        using var client = await RawConnection.ConnectAsync(gateway.Address);
        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: shop.example\r\n{(closes ? "Connection: close\r\n" : string.Empty)}{fields}\r\n");
        var received = closes ? await client.ReadToEndAsync() : await client.ReadAnswerAsync();
        return (upstream.Heads.SingleOrDefault(), received);
    }

    /// <summary>The values of a field, line by line.</summary>
    public static string[] Lines(string head, string name) =>
        [.. head.Split("\r\n").Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim())];
}
