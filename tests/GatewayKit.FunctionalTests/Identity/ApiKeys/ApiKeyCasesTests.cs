using System.Globalization;
using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.ApiKeys;

/// <summary>What requests may have where a key belongs, byte by byte, on a route and on an endpoint of the host.</summary>
public sealed class ApiKeyCasesTests
{
    private static readonly ApiKey Key = ApiKey.Create(), Other = ApiKey.Create(), Unknown = ApiKey.Create(), Revoked = ApiKey.Create(), Expired = ApiKey.Create(), Suspended = ApiKey.Create();
    private static readonly string Text = Key.Reveal();
    private static readonly string[] Parts = Text.Split('_');

    // Name, fields of the request, its query, status.
    public static IEnumerable<(string Name, string Fields, string Query, int Status)> Table()
    {
        yield return ("a key", In(Text), "", 200);
        yield return ("name in another case", $"x-aPI-kEY: {Text}\r\n", "", 200);
        yield return ("white space around", $"X-Api-Key: \t {Text} \t\r\n", "", 200);
        yield return ("beside others' fields", In(Text) + "Authorization: Basic YTpi\r\nCookie: a=b\r\n", "?a=b", 200);
        yield return ("none", "", "", 401);
        yield return ("empty", "X-Api-Key:\r\n", "", 401);
        yield return ("blank", "X-Api-Key: \t\r\n", "", 401);
        yield return ("in Authorization, where it does not belong", $"Authorization: Bearer {Text}\r\n", "", 401);
        yield return ("in a cookie", $"Cookie: X-Api-Key={Text}\r\n", "", 401);
        yield return ("in the query, where it does not belong", "", $"?key={Text}&X-Api-Key={Text}", 401);
        yield return ("with underscores in the name", $"X_Api_Key: {Text}\r\n", "", 401);
        yield return ("of nobody", In(Unknown.Reveal()), "", 401);
        yield return ("revoked", In(Revoked.Reveal()), "", 401);
        yield return ("expired", In(Expired.Reveal()), "", 401);
        yield return ("of somebody suspended", In(Suspended.Reveal()), "", 401);
        yield return ("id of one and secret of another", In(ApiKeyText.Create("gk_live", Key.Id, Other.Reveal().Split('_')[3])), "", 401);
        yield return ("secret of zeros", In(ApiKeyText.Create("gk_live", Key.Id, new string('0', 43))), "", 401);
        yield return ("id in another case", In(ApiKeyText.Create("gk_live", Flip(Key.Id), Parts[3])), "", 401);
        yield return ("hash in place of the secret", In(ApiKeyText.Create("gk_live", Key.Id, Key.Hash.Replace('-', '0').Replace('_', '0'))), "", 401);
        yield return ("another prefix", In(ApiKeyText.Create("gk_test", Key.Id, Parts[3])), "", 401);
        yield return ("prefix in another case", In(ApiKeyText.Create("GK_live", Key.Id, Parts[3])), "", 401);
        yield return ("prefix alone", In("gk_live"), "", 401);
        yield return ("prefix and separator", In("gk_live_"), "", 401);
        yield return ("upper case", In(Text.ToUpperInvariant()), "", 401);
        yield return ("lower case", In(Text.ToLowerInvariant()), "", 401);
        yield return ("reversed", In(new([.. Text.Reverse()])), "", 401);
        yield return ("without the checksum", In(Text[..^7]), "", 401);
        yield return ("with a checksum of zeros", In(Text[..^6] + "000000"), "", 401);
        yield return ("without the id", In($"gk_live_{Parts[3]}_{Parts[4]}"), "", 401);
        yield return ("without the secret", In($"gk_live_{Parts[2]}_{Parts[4]}"), "", 401);
        yield return ("id without the rest", In($"gk_live_{Parts[2]}__"), "", 401);
        yield return ("parts swapped", In($"gk_live_{Parts[3]}_{Parts[2]}_{Parts[4]}"), "", 401);
        yield return ("hyphens for underscores", In(Text.Replace('_', '-')), "", 401);
        yield return ("one character more", In(Text + "0"), "", 401);
        yield return ("one character before", In("0" + Text), "", 401);
        yield return ("twice in a row", In(Text + Text), "", 401);
        yield return ("white space inside", In(Text.Insert(20, " ")), "", 401);
        yield return ("in quotes", In($"\"{Text}\""), "", 401);
        yield return ("with Bearer in front", In($"Bearer {Text}"), "", 401);
        yield return ("percent-encoded", In(Text.Replace("_", "%5F", StringComparison.Ordinal)), "", 401);
        yield return ("with a letter beyond ASCII", In($"{Text[..20]}\u00c3\u00a9{Text[21..]}"), "", 401);
        yield return ("of the server: a byte that is no UTF-8", In($"{Text[..20]}\u00e9{Text[21..]}"), "", 400);
        yield return ("with a semicolon", In(Text + ";"), "", 401);
        yield return ("with an equals sign", In("key=" + Text), "", 401);
        yield return ("as JSON", In($"{{\"key\":\"{Text}\"}}"), "", 401);
        yield return ("null", In("null"), "", 401);
        yield return ("undefined", In("undefined"), "", 401);
        yield return ("asterisk", In("*"), "", 401);
        yield return ("path", In("../../etc/passwd"), "", 401);
        yield return ("SQL", In("' OR '1'='1"), "", 401);
        yield return ("format string", In("%s%n{0}${jndi:ldap://a}"), "", 401);
        yield return ("a JWT", In("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."), "", 401);
        yield return ("4 KiB", In(new string('a', 4_096)), "", 401);
        yield return ("30 KiB that begin well", In(Text + new string('a', 30_000)), "", 401);
        yield return ("two fields", In(Text) + In(Text), "", 400);
        yield return ("two fields, the second wrong", In(Text) + In("x"), "", 400);
        yield return ("two fields, the first wrong", In("x") + In(Text), "", 400);
        yield return ("two fields, the second empty", In(Text) + "X-Api-Key:\r\n", "", 400);
        yield return ("two in one field", In($"{Text}, {Other.Reveal()}"), "", 400);
        yield return ("the same twice in one field", In($"{Text},{Text}"), "", 400);
        yield return ("a comma behind", In($"{Text},"), "", 400);
        yield return ("a comma before", In($",{Text}"), "", 400);
        yield return ("two fields in two cases", In(Text) + $"x-api-key: {Text}\r\n", "", 400);
        yield return ("of the server: NUL inside", In(Text.Insert(20, "\0")), "", 400);
    }

    public static IEnumerable<(string Name, string Fields, string Query, int Status)> BearerTable()
    {
        yield return ("bearer", $"Authorization: Bearer {Text}\r\n", "", 200);
        yield return ("scheme in another case", $"Authorization: bEARER {Text}\r\n", "", 200);
        yield return ("several spaces", $"Authorization: Bearer   {Text}\r\n", "", 200);
        yield return ("no scheme", $"Authorization: {Text}\r\n", "", 401);
        yield return ("another scheme", $"Authorization: Basic {Text}\r\n", "", 401);
        yield return ("no space", $"Authorization: Bearer{Text}\r\n", "", 401);
        yield return ("a tab", $"Authorization: Bearer\t{Text}\r\n", "", 401);
        yield return ("scheme alone", "Authorization: Bearer\r\n", "", 401);
        yield return ("another token", "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.\r\n", "", 401);
        yield return ("a wrong key", $"Authorization: Bearer {Unknown.Reveal()}\r\n", "", 401);
        yield return ("in the other header", In(Text), "", 401);
        yield return ("two fields", $"Authorization: Bearer {Text}\r\nAuthorization: Bearer {Text}\r\n", "", 400);
        yield return ("two in one field", $"Authorization: Bearer {Text}, Bearer {Text}\r\n", "", 400);
    }

    public static IEnumerable<(string Name, string Fields, string Query, int Status)> QueryTable()
    {
        yield return ("in the query", "", $"?api_key={Text}", 200);
        yield return ("name in another case", "", $"?API_Key={Text}", 200);
        yield return ("percent-encoded", "", $"?api%5Fkey={Text.Replace("_", "%5f", StringComparison.Ordinal)}", 200);
        yield return ("between others", "", $"?a=1&api_key={Text}&b=%2f", 200);
        yield return ("in the header", In(Text), "", 200);
        yield return ("in both", In(Text), $"?api_key={Text}", 400);
        yield return ("in the header, and an empty one in the query", In(Text), "?api_key=", 400);
        yield return ("twice in the query", "", $"?api_key={Text}&api_key={Text}", 400);
        yield return ("twice in the query, in two cases", "", $"?api_key={Text}&API_KEY=x", 400);
        yield return ("empty", "", "?api_key=", 401);
        yield return ("without a value", "", "?api_key", 401);
        yield return ("wrong", "", $"?api_key={Unknown.Reveal()}", 401);
    }

    public static TheoryData<string> Modes() => new("header", "bearer", "query");

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Each_case_is_answered_alike_on_routes_and_endpoints_of_the_host(string mode)
    {
        var table = (mode switch { "bearer" => BearerTable(), "query" => QueryTable(), _ => Table() }).ToArray();
        if (mode == "header")
        {
            // Each character of a key, changed.
            table = [.. table, .. Enumerable.Range(0, Text.Length).Select(static at => ($"changed at {at}", In(Text[..at] + (Text[at] == 'x' ? 'y' : 'x') + Text[(at + 1)..]), "", 401)), .. Enumerable.Range(1, Text.Length - 1).Select(static length => ($"first {length}", In(Text[..length]), "", 401))];
        }

        Assert.True(mode != "header" || table.Length >= 60);
        await using var hosts = await Hosts.StartAsync(mode switch
        {
            "bearer" => new() { Header = "Authorization" },
            "query" => new() { QueryParameter = "api_key" },
            _ => new(),
        });
        foreach (var (name, fields, query, status) in table)
        {
            foreach (var path in (string[])["/route", "/own"])
            {
                var before = hosts.Served;
                var answer = await hosts.AskAsync(path + query, fields);
                var at = $"{mode}, {path}, {name}: {answer}";
                Assert.True(answer.StartsWith($"HTTP/1.1 {status.ToString(CultureInfo.InvariantCulture)} ", StringComparison.Ordinal), at);
                Assert.True(hosts.Served == before + (status == 200 ? 1 : 0), at);
                if (status == 401)
                {
                    Assert.True(answer.Contains($"WWW-Authenticate: {(mode == "bearer" ? "Bearer" : "ApiKey")} realm=", StringComparison.Ordinal), at);
                    Assert.Equal("""{"type":"urn:gatewaykit:problem:unauthenticated","title":"Credentials are missing or not valid.","status":401,"code":"unauthenticated","traceId":"same"}""", Body(answer));
                }
                else if (status == 400 && !name.StartsWith("of the server", StringComparison.Ordinal))
                {
                    Assert.True((string?)JsonNode.Parse(Body(answer))!["code"] == "duplicate-credential", at);
                }
            }
        }
    }

    [Fact]
    public async Task Key_in_the_query_is_taken_out_and_all_else_stays()
    {
        await using var hosts = await Hosts.StartAsync(new() { QueryParameter = "api_key" });
        foreach (var path in (string[])["/route", "/own"])
        {
            foreach (var (query, left) in new[] { ($"?a=%2f&api_key={Text}&&b=+%20", "?a=%2f&&b=+%20"), ($"?api_key={Text}", ""), ($"?api_key={Text}&a", "?a") })
            {
                await hosts.AskAsync(path + query, "");
                Assert.Equal(left, hosts.LastQuery);
            }
        }
    }

    private static string In(string key) => $"X-Api-Key: {key}\r\n";

    private static string Flip(string text) => new([.. text.Select(static c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))]);

    private static string Body(string answer)
    {
        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        return body[body.IndexOf('{', StringComparison.Ordinal)..(body.LastIndexOf('}') + 1)];
    }

    private sealed class Hosts(TestHost upstream, TestHost gateway) : IAsyncDisposable
    {
        private int _served;

        public int Served => Volatile.Read(ref _served);

        public string? LastQuery { get; private set; }

        public static async Task<Hosts> StartAsync(ApiKeyPolicy policy)
        {
            Hosts? hosts = null;
            var upstream = await Upstream.StartAsync(context => hosts!.ServeAsync(context));
            var gateway = await TestHost.GatewayAsync(
                $$"""{ "Clusters": { "up": { "Destinations": { "a": { "Address": "{{upstream.Address}}" } } } } }""",
                static builder =>
                {
                    builder.Services.Configure<ApiKeyOptions>(static options => options.FailuresPerMinute = 0);
                    builder.AddConsumers(
                    [
                        new Consumer { Id = "acme", Keys = [Key.ToStored(), Other.ToStored(), Revoked.ToStored() with { IsRevoked = true }, Expired.ToStored() with { ExpiresAt = DateTimeOffset.UnixEpoch }] },
                        new Consumer { Id = "gone", State = ConsumerState.Suspended, Keys = [Suspended.ToStored()] },
                    ]);
                },
                app =>
                {
                    app.Use(static (context, next) =>
                    {
                        (context.TraceIdentifier, System.Diagnostics.Activity.Current) = ("same", null);
                        return next(context);
                    });
                    var group = app.MapGroup("").RequireApiKey(policy);
                    group.MapGatewayRoute("/route/{**rest}", cluster: "up");
                    group.MapGet("/own/{**rest}", context => hosts!.ServeAsync(context));
                });
            return hosts = new(upstream, gateway);
        }

        public async Task<string> AskAsync(string target, string fields)
        {
            using var client = await RawConnection.ConnectAsync(gateway.Address);
            await client.SendAsync($"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n");
            return await client.ReadAnswerAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await gateway.DisposeAsync();
            await upstream.DisposeAsync();
        }

        private Task ServeAsync(HttpContext context)
        {
            Interlocked.Increment(ref _served);
            LastQuery = context.Request.QueryString.Value;
            return context.Response.WriteAsync("served");
        }
    }
}
