using System.Net.WebSockets;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Affinity;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Clusters.Balancing;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.FunctionalTests.Clusters.Affinity;

public sealed class AffinityTests
{
    private const string Cookie = "s";

    [Fact]
    public async Task First_answer_brings_a_cookie_that_keeps_the_client_at_its_destination()
    {
        await using var fleet = await StartAsync(new());
        using var answer = await fleet.SendAsync();
        var name = await answer.Content.ReadAsStringAsync();
        var cookies = answer.Headers.GetValues("Set-Cookie").ToArray();
        Assert.Equal("own=" + name, cookies[0]);
        Assert.Matches(@"^gk-session-[0-9a-f]{8}=[A-Za-z0-9_-]{64,256}; path=/; samesite=lax; httponly; secure$", cookies[1]);
        for (var i = 0; i < 20; i++)
        {
            using var next = await fleet.SendAsync("Cookie", $"other=1; {cookies[1].Split(';')[0]}; more=\"x\"");
            Assert.Equal(name, await next.Content.ReadAsStringAsync());
            Assert.Single(next.Headers.GetValues("Set-Cookie"));
        }
    }

    [Fact]
    public async Task Cookie_has_the_attributes_it_is_told_to_have()
    {
        await using var fleet = await StartAsync(new()
        {
            Cookie = new()
            {
                Name = Cookie, Path = "/shop", Domain = "example.com", MaxAge = TimeSpan.FromHours(1), SameSite = SameSiteMode.Strict, Secure = CookieSecurePolicy.SameAsRequest,
            },
        });
        using var answer = await fleet.SendAsync();
        Assert.EndsWith("; max-age=3600; domain=example.com; path=/shop; samesite=strict; httponly", answer.Headers.GetValues("Set-Cookie").Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_travels_in_a_header_where_that_is_asked_for()
    {
        await using var fleet = await StartAsync(new() { Header = new() { Name = "X-Session" } });
        using var answer = await fleet.SendAsync();
        var (name, token) = (await answer.Content.ReadAsStringAsync(), answer.Headers.GetValues("X-Session").Single());
        for (var i = 0; i < 20; i++)
        {
            using var next = await fleet.SendAsync("X-Session", token);
            Assert.Equal(name, await next.Content.ReadAsStringAsync());
            Assert.False(next.Headers.Contains("X-Session"));
        }
    }

    [Fact]
    public async Task Token_shows_neither_id_nor_address_and_one_made_up_counts_for_nothing()
    {
        await using var fleet = await StartAsync(new() { Cookie = new() { Name = Cookie } });
        var (_, token) = await BeginAsync(fleet);
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(token);
        Assert.DoesNotContain("127.0.0.1", System.Text.Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
        string[] madeUp = ["", "a", "b", new('A', 200), token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), token + token, "http://127.0.0.1"];
        foreach (var text in madeUp)
        {
            using var answer = await fleet.SendAsync("Cookie", $"{Cookie}={text}");
            Assert.True(answer.IsSuccessStatusCode);
            Assert.Equal(2, answer.Headers.GetValues("Set-Cookie").Count());
        }
    }

    [Fact]
    public async Task Session_of_a_destination_that_left_goes_to_another_once_and_stays_there()
    {
        await using var fleet = await StartAsync(new() { Cookie = new() { Name = Cookie } });
        var (name, token) = await BeginAsync(fleet);
        string[] left = [.. new[] { "a", "b", "c" }.Except([name])];
        await fleet.ReloadAsync(left);
        using var moved = await AfterDrainAsync(fleet, name, token);
        var (home, second) = (await moved.Content.ReadAsStringAsync(), TokenOf(moved));
        Assert.Contains(home, left);
        await fleet.ReloadAsync("a", "b", "c");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(home, await fleet.AskAsync("Cookie", $"{Cookie}={second}"));
        }
    }

    [Fact]
    public async Task Session_of_a_destination_that_left_is_refused_where_that_is_asked_for()
    {
        await using var fleet = await StartAsync(new() { Cookie = new() { Name = Cookie }, OnMissing = MissingDestination.Refuse });
        var (name, token) = await BeginAsync(fleet);
        await fleet.ReloadAsync([.. new[] { "a", "b", "c" }.Except([name])]);
        using var refused = await AfterDrainAsync(fleet, name, token);
        Assert.Equal(503, (int)refused.StatusCode);
        Assert.Contains("no-healthy-upstream", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotEqual("503", await fleet.AskAsync());

        // Back at its address, it has its sessions again.
        await fleet.ReloadAsync("a", "b", "c");
        Assert.Equal(name, await fleet.AskAsync("Cookie", $"{Cookie}={token}"));
    }

    [Fact]
    public async Task Draining_destination_keeps_its_sessions_and_gets_no_new_ones()
    {
        await using var fleet = await StartAsync(new() { Cookie = new() { Name = Cookie } });
        var (name, token) = await BeginAsync(fleet);
        fleet.Clusters.Drain("fleet", name, TimeSpan.FromHours(1));
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(name, await fleet.AskAsync("Cookie", $"{Cookie}={token}"));
            Assert.NotEqual(name, await fleet.AskAsync());
        }

        fleet.Clusters.Undrain("fleet", name);
        Assert.Equal(name, await fleet.AskAsync("Cookie", $"{Cookie}={token}"));
    }

    [Fact]
    public async Task Weights_count_for_new_sessions_only()
    {
        await using var fleet = await StartAsync(new() { Cookie = new() { Name = Cookie } });
        var (name, token) = await BeginAsync(fleet);
        await fleet.ReloadAsync(cluster => cluster with
        {
            Destinations = cluster.Destinations.ToDictionary(static entry => entry.Key, entry => entry.Value with { Weight = entry.Key == name ? 0 : 1 }),
        });
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(name, await fleet.AskAsync("Cookie", $"{Cookie}={token}"));
            Assert.NotEqual(name, await fleet.AskAsync());
        }
    }

    [Fact]
    public async Task Answer_that_is_the_servers_error_binds_nobody()
    {
        await using var fleet = await StartAsync(new() { Cookie = new() { Name = Cookie } });
        using var answer = await fleet.SendAsync(path: "/broken");
        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Single(answer.Headers.GetValues("Set-Cookie"));
    }

    [Fact]
    public async Task WebSocket_is_bound_by_its_handshake()
    {
        await using var fleet = await StartAsync(new() { Cookie = new() { Name = Cookie } });
        var (name, headers) = await OpenAsync(fleet, null);
        var token = headers["Set-Cookie"].Single(static cookie => cookie.StartsWith("s=", StringComparison.Ordinal)).Split(';')[0];
        for (var i = 0; i < 10; i++)
        {
            var (next, more) = await OpenAsync(fleet, token);
            Assert.Equal(name, next);
            Assert.False(more.ContainsKey("Set-Cookie"));
        }
    }

    [Fact]
    public async Task Shadow_binds_nobody()
    {
        await using var fleet = await StartAsync(new() { Mode = PolicyMode.Shadow, Cookie = new() { Name = Cookie } });
        using var answer = await fleet.SendAsync();
        Assert.Single(answer.Headers.GetValues("Set-Cookie"));
    }

    [Fact]
    public async Task Host_without_data_protection_does_not_start_and_is_told_what_to_call()
    {
        var failure = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Clusters": { "orders": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } }, "Affinity": { "OnMissing": "Refuse" } } } }"""));
        var error = Assert.Single(failure.Errors);
        Assert.Equal("Gateway:Clusters:orders:Affinity", error.Path);
        Assert.Contains("AddDataProtection()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_without_data_protection_starts_when_no_cluster_needs_it()
    {
        await using var gateway = await TestHost.GatewayAsync(
            """{ "Clusters": { "orders": { "Destinations": { "a": { "Address": "http://127.0.0.1:1" } }, "Affinity": { "Mode": "Off" } } } }""");
        Assert.NotNull(gateway.Address);
    }

    private static Task<NamedFleet> StartAsync(ClusterAffinity affinity) =>
        NamedFleet.StartAsync(cluster => cluster with { LoadBalancing = LoadBalancing.RoundRobin, Affinity = affinity }, "a", "b", "c");

    private static async Task<(string Name, string Token)> BeginAsync(NamedFleet fleet)
    {
        using var answer = await fleet.SendAsync();
        return (await answer.Content.ReadAsStringAsync(), TokenOf(answer));
    }

    // A destination that left drains, if only for as long as a timer takes.
    private static async Task<HttpResponseMessage> AfterDrainAsync(NamedFleet fleet, string name, string token)
    {
        for (var left = 1_000; ; left--)
        {
            var answer = await fleet.SendAsync("Cookie", $"{Cookie}={token}");
            if (await answer.Content.ReadAsStringAsync() != name)
            {
                return answer;
            }

            answer.Dispose();
            Assert.True(left > 0, $"{name} serves on.");
            await Task.Delay(10);
        }
    }

    private static string TokenOf(HttpResponseMessage answer) =>
        answer.Headers.GetValues("Set-Cookie").Single(static cookie => cookie.StartsWith(Cookie + "=", StringComparison.Ordinal)).Split(';')[0][(Cookie.Length + 1)..];

    private static async Task<(string Name, IReadOnlyDictionary<string, IEnumerable<string>> Headers)> OpenAsync(NamedFleet fleet, string? cookie)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (cookie is not null)
        {
            socket.Options.SetRequestHeader("Cookie", cookie);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await socket.ConnectAsync(new UriBuilder(fleet.Gateway.Address) { Scheme = "ws" }.Uri, limit.Token);
        var end = await socket.ReceiveAsync(new byte[16], limit.Token);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        return (end.CloseStatusDescription!, socket.HttpResponseHeaders!);
    }
}
