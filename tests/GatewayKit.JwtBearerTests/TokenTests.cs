using System.Text.Json.Nodes;
using GatewayKit.JwtBearerTests.Hosting;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.JwtBearerTests;

/// <summary>One issuer and one gateway, with sockets, for all tokens.</summary>
public sealed class TokenFixture : IAsyncLifetime
{
    internal Issuer Issuer { get; private set; } = null!;

    internal GuardedGateway Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Gateway = await GuardedGateway.StartAsync(Issuer = await Issuer.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Issuer.DisposeAsync();
    }
}

/// <summary>Which tokens pass (RFC 8725, RFC 9068).</summary>
public sealed class TokenTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    private readonly Issuer _issuer = fixture.Issuer;
    private readonly GuardedGateway _gateway = fixture.Gateway;

    public static TheoryData<string> Bad() => [.. BadTokens.All.Keys];

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Bad_token_is_refused_and_nothing_is_asked_for_it(string what)
    {
        // The keys are there: what is fetched now, a token has asked for.
        Assert.Equal(200, await _gateway.StatusAsync(_issuer.Token()));
        var (seen, traps) = (_gateway.Seen, _issuer.TrapsSprung);
        var token = BadTokens.All[what](_issuer);
        foreach (var path in new[] { "/route/a", "/own" })
        {
            using var response = await _gateway.SendAsync(token, path);
            Assert.Equal(401, (int)response.StatusCode);

            // A name that is none says nothing against the token.
            Assert.Equal(what.StartsWith("name", StringComparison.Ordinal) || what.StartsWith("nobody", StringComparison.Ordinal) ? "Bearer" : "Bearer error=\"invalid_token\"", response.Headers.WwwAuthenticate.ToString());
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            Assert.Equal(("unauthenticated", null), ((string?)problem["code"], (string?)problem["detail"]));
        }

        Assert.Equal((seen, traps), (_gateway.Seen, _issuer.TrapsSprung));
        Assert.InRange(_issuer.KeysFetched, 1, 2);
    }

    [Fact]
    public void There_are_enough_of_them() => Assert.InRange(BadTokens.All.Count, 150, 1_000);

    public static TheoryData<string> Good() => [.. GoodTokens.Keys];

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Good_token_passes(string what) => Assert.Equal(200, await _gateway.StatusAsync(GoodTokens[what](_issuer)));

    [Fact]
    public async Task Every_bit_of_a_signature_counts()
    {
        var handler = _gateway.Host.App.Services.GetRequiredService<Microsoft.Extensions.Options.IOptionsMonitor<JwtBearerOptions>>().Get("Bearer").TokenHandlers.Single();
        foreach (var algorithm in new[] { "RS256", "PS256", "ES256" })
        {
            var token = _issuer.Token(algorithm: algorithm);
            Assert.True((await handler.ValidateTokenAsync(token, new())).IsValid);
            var (signed, signature) = (token[..(token.LastIndexOf('.') + 1)], System.Buffers.Text.Base64Url.DecodeFromChars(token.AsSpan(token.LastIndexOf('.') + 1)));
            for (var bit = 0; bit < signature.Length * 8; bit++)
            {
                var changed = (byte[])signature.Clone();
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False((await handler.ValidateTokenAsync(signed + System.Buffers.Text.Base64Url.EncodeToString(changed), new())).IsValid, $"{algorithm}, bit {bit}");
            }
        }
    }

    // The characters are bits as well: each replaced by each other.
    [Fact]
    public async Task Every_character_of_a_token_counts()
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var handler = _gateway.Host.App.Services.GetRequiredService<Microsoft.Extensions.Options.IOptionsMonitor<JwtBearerOptions>>().Get("Bearer").TokenHandlers.Single();
        var token = _issuer.Token(algorithm: "ES256");
        for (var i = 0; i < token.Length; i++)
        {
            foreach (var other in token[i] is '.' ? "A-" : $"{Alphabet[(Alphabet.IndexOf(token[i], StringComparison.Ordinal) + 1) % 64]}{Alphabet[Alphabet.IndexOf(token[i], StringComparison.Ordinal) ^ 1]}.= ")
            {
                Assert.False((await handler.ValidateTokenAsync($"{token[..i]}{other}{token[(i + 1)..]}", new())).IsValid, $"{i}: {other}");
            }
        }
    }

    [Fact]
    public async Task The_destination_does_not_get_the_token()
    {
        Assert.Equal(200, await _gateway.StatusAsync(_issuer.Token()));
        Assert.Null(_gateway.SeenAuthorization);
    }

    [Fact]
    public async Task Without_a_token_the_challenge_says_no_more_than_how()
    {
        using var response = await _gateway.SendAsync(null);
        Assert.Equal((401, "Bearer"), ((int)response.StatusCode, response.Headers.WwwAuthenticate.ToString()));
    }

    private static Dictionary<string, Func<Issuer, string>> GoodTokens { get; } = new()
    {
        ["RS256"] = static issuer => issuer.Token(),
        ["PS256"] = static issuer => issuer.Token(algorithm: "PS256"),
        ["ES256"] = static issuer => issuer.Token(algorithm: "ES256"),
        ["typ in full"] = static issuer => issuer.Token(header: static header => header["typ"] = "application/at+jwt"),
        ["typ in capitals"] = static issuer => issuer.Token(header: static header => header["typ"] = "AT+JWT"),
        ["aud a list with us"] = static issuer => issuer.Token(static claims => claims["aud"] = new JsonArray("billing", "orders")),
        ["exp past by less than clocks differ"] = static issuer => issuer.Token(claims => claims["exp"] = issuer.At(-10)),
        ["nbf to come by less than clocks differ"] = static issuer => issuer.Token(claims => claims["nbf"] = issuer.At(20)),
        ["exp the last second of all"] = static issuer => issuer.Token(static claims => claims["exp"] = 253_402_300_799),
        ["exp with a fraction"] = static issuer => issuer.Token(claims => claims["exp"] = issuer.At(300) + 0.5),
        ["other members of the header"] = static issuer => issuer.Token(header: static header => header["x5t"] = "AAAA"),
        ["no kid, of one key that fits"] = static issuer => issuer.Token(header: static header => header.Remove("kid")),
        ["just under 8 KiB"] = static issuer => issuer.Token(static claims => claims["x"] = new string('x', 5_400)),
        ["name of 200 characters"] = static issuer => issuer.Token(static claims => claims["client_id"] = new string('a', 200)),
        ["an object of claims"] = static issuer => issuer.Token(static claims => claims["realm_access"] = new JsonObject { ["roles"] = new JsonArray("a", "b") }),
    };
}
