using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Upstream;

public sealed class TokenSlotTests
{
    private readonly FakeTimeProvider _time = new();
    private int _fetches;

    [Fact]
    public async Task Pauses_after_failures_grow_to_half_a_minute_and_end_with_a_success()
    {
        var fails = true;
        var recovered = 0;
        var slot = new TokenSlot(_ => Fetch(fails), _time, () => recovered++);
        foreach (var pause in (int[])[1, 2, 4, 8, 16, 32, 32])
        {
            Assert.Equal(TimeSpan.FromSeconds(pause), (await slot.GetAsync(null)).RetryAfter);
            var fetches = _fetches;
            _time.Advance(TimeSpan.FromSeconds(pause - 0.5));
            var result = await slot.GetAsync(null);
            Assert.Equal((CallFailure.ServerError, TimeSpan.FromSeconds(0.5), fetches), (result.Failure, result.RetryAfter, _fetches));
            _time.Advance(TimeSpan.FromSeconds(0.5));
        }

        fails = false;
        Assert.NotNull((await slot.GetAsync(null)).Token);
        Assert.Equal(1, recovered);
    }

    [Fact]
    public async Task Failed_renewal_leaves_the_token_in_use_until_it_is_void()
    {
        var fails = false;
        var slot = new TokenSlot(_ => Fetch(fails), _time);
        var token = (await slot.GetAsync(null)).Token;
        fails = true;
        _time.Advance(TimeSpan.FromSeconds(81));
        Assert.Same(token, slot.Ready(null));
        while (Volatile.Read(ref _fetches) < 2)
        {
            await Task.Yield();
        }

        Assert.Same(token, slot.Ready(null));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(slot.Ready(null));
    }

    [Fact]
    public async Task Only_a_token_that_is_not_new_is_dropped_and_only_once()
    {
        var slot = new TokenSlot(_ => Fetch(false), _time);
        var token = (await slot.GetAsync(null)).Token!;
        Assert.False(slot.Drop(token));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(slot.Drop(token));
        var other = (await slot.GetAsync(null)).Token!;
        Assert.NotSame(token, other);
        Assert.True(slot.Drop(token));
        Assert.Same(other, slot.Ready(null));
    }

    [Fact]
    public async Task Tokens_of_strangers_are_bounded_and_those_in_use_stay()
    {
        var tokens = new ExchangedTokens(new() { TokenEndpoint = new("https://a"), ClientId = "a", ClientSecret = GatewayKit.Secrets.SecretReference.Parse("env:A"), MaxTokens = 1_000 }, _ => Fetch(false), _time);
        var kept = await tokens.Of("kept").GetAsync("kept");
        for (var i = 0; i < 100_000; i++)
        {
            tokens.Of($"stranger-{i}");
            if (i % 100 == 0)
            {
                Assert.Same(kept.Token, tokens.Of("kept").Ready("kept"));
            }
        }

        Assert.InRange(tokens.Count, 500, 1_000);
    }

    [Theory]
    [InlineData("""{ "access_token": "x", "token_type": "Bearer" }""", 60)]
    [InlineData("""{ "access_token": "x", "token_type": "Bearer", "expires_in": null }""", 60)]
    [InlineData("""{ "access_token": "x", "token_type": "bearer", "expires_in": "300" }""", 300)]
    [InlineData("""{ "access_token": "x", "token_type": "BEARER", "expires_in": 1.5 }""", 1.5)]
    [InlineData("""{ "access_token": "x", "token_type": "Bearer", "expires_in": 1e300 }""", 86_400)]
    public void Lifetime_is_what_the_server_says_within_bounds(string body, double seconds) =>
        Assert.Equal(("x", TimeSpan.FromSeconds(seconds)), TokenAnswer.Read(System.Text.Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Encoded_names_can_be_read_back_and_stand_in_a_header()
    {
        var random = new Random(9110);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Create(random.Next(12), random, static (span, random) =>
            {
                foreach (ref var c in span)
                {
                    c = (char)random.Next(random.Next(3) == 0 ? 0x2FFF : 0x100);
                }
            });
            var encoded = IdentityText.Encode(text);
            Assert.False(encoded.AsSpan().ContainsAnyExceptInRange('!', '~') || encoded.Contains(','));
            Assert.Equal(text, Uri.UnescapeDataString(encoded));
        }
    }

    private async Task<TokenResult> Fetch(bool fails)
    {
        await Task.Yield();
        Interlocked.Increment(ref _fetches);
        return fails ? TokenResult.Failed(CallFailure.ServerError) : new(new UpstreamToken("x", TimeSpan.FromSeconds(100), _time.GetUtcNow(), static () => 0.5), CallFailure.None);
    }
}
