using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using GatewayKit.Diagnostics;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Identity.Schemes;
using GatewayKit.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.Introspection;

/// <summary>How long answers count, how many are kept, and how often a server is asked.</summary>
public sealed class IntrospectedTokensTests : IDisposable
{
    private static readonly IntrospectionPolicy Policy = new()
    {
        Name = "partners",
        Endpoint = new("https://login.example.com/introspect"),
        ClientId = "gateway",
        ClientSecret = SecretReference.Parse("env:SECRET"),
        Audiences = ["orders"],
    };

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private readonly List<string> _asked = [];
    private Func<string, Task<(IntrospectionAnswer?, CallFailure, bool)>> _answer = Say("""{ "active": true, "client_id": "acme", "aud": "orders" }""");

    public void Dispose() => _services.Dispose();

    [Theory]
    [InlineData(30, null, 27, 30)]
    [InlineData(60, null, 54, 60)]
    [InlineData(30, 5, 5, 5)]
    [InlineData(30, 3_600, 27, 30)]
    public async Task Answer_counts_no_longer_than_it_may(int keptFor, int? expiresIn, int least, int most)
    {
        var end = expiresIn is { } seconds ? $", \"exp\": {_time.GetUtcNow().ToUnixTimeSeconds() + seconds}" : string.Empty;
        _answer = Say($$"""{ "active": true, "client_id": "acme", "aud": "orders" {{end}} }""");
        var tokens = Create(Policy with { CacheFor = TimeSpan.FromSeconds(keptFor) });
        Assert.Equal("introspection/partners/acme", (await AskAsync(tokens, "a")).Token!.Identity);
        _answer = static _ => Task.FromResult<(IntrospectionAnswer?, CallFailure, bool)>((null, CallFailure.Unreachable, false));
        _time.Advance(TimeSpan.FromSeconds(least) - TimeSpan.FromMilliseconds(1));
        Assert.True(tokens.TryFind(TokenHash.Of("a"), "a", out _));
        _time.Advance(TimeSpan.FromSeconds(most - least) + TimeSpan.FromMilliseconds(2));
        Assert.False(tokens.TryFind(TokenHash.Of("a"), "a", out _));
    }

    [Fact]
    public async Task Answer_that_is_past_by_no_more_than_clocks_may_differ_counts_once()
    {
        _answer = Say("""{ "active": true, "client_id": "acme", "aud": "orders", "exp": 1799999990 }""");
        var tokens = Create(Policy);
        Assert.Null((await AskAsync(tokens, "a")).Token!.Fault);
        Assert.False(tokens.TryFind(TokenHash.Of("a"), "a", out _));
    }

    [Theory]
    [InlineData(30, 10)]
    [InlineData(60, 10)]
    [InlineData(15, 5)]
    [InlineData(0, 0)]
    public async Task Answer_that_a_token_does_not_hold_counts_a_third_as_long(int keptFor, int refusedFor)
    {
        _answer = Say("""{ "active": false }""");
        var tokens = Create(Policy with { CacheFor = TimeSpan.FromSeconds(keptFor) });
        Assert.Equal("inactive", (await AskAsync(tokens, "a")).Token!.Fault);
        if (refusedFor > 0)
        {
            _time.Advance(TimeSpan.FromSeconds(refusedFor) - TimeSpan.FromTicks(1));
            Assert.True(tokens.TryFind(TokenHash.Of("a"), "a", out _));
            _time.Advance(TimeSpan.FromTicks(2));
        }

        Assert.False(tokens.TryFind(TokenHash.Of("a"), "a", out _));
        Assert.False(tokens.HasHeld(TokenHash.Of("a")));
    }

    // The server may have begun to answer before the token was revoked.
    [Fact]
    public async Task Time_counts_from_the_question()
    {
        var source = new TaskCompletionSource<(IntrospectionAnswer?, CallFailure, bool)>();
        _answer = _ => source.Task;
        var tokens = Create(Policy);
        var asking = AskAsync(tokens, "a");
        _time.Advance(TimeSpan.FromSeconds(31));
        source.SetResult(await Say("""{ "active": true, "client_id": "acme", "aud": "orders" }""")("a"));
        Assert.Null((await asking).Token!.Fault);
        Assert.False(tokens.TryFind(TokenHash.Of("a"), "a", out _));
    }

    [Fact]
    public async Task Token_is_asked_about_once_however_many_wait()
    {
        var source = new TaskCompletionSource<(IntrospectionAnswer?, CallFailure, bool)>();
        _answer = _ => source.Task;
        var tokens = Create(Policy);
        var waiting = Enumerable.Range(0, 1_000).Select(_ => AskAsync(tokens, "a")).ToArray();
        source.SetResult(await Say("""{ "active": true, "client_id": "acme", "aud": "orders" }""")("a"));
        Assert.All(await Task.WhenAll(waiting), static result => Assert.Null(result.Token!.Fault));
        Assert.Equal(["a"], _asked);
    }

    [Fact]
    public async Task Token_in_use_is_asked_about_again_before_its_time_is_over_and_one_that_was_revoked_is_gone_at_once()
    {
        var tokens = Create(Policy);
        await AskAsync(tokens, "a");
        _time.Advance(TimeSpan.FromSeconds(26));
        _answer = Say("""{ "active": false }""");
        Assert.True(tokens.TryFind(TokenHash.Of("a"), "a", out var token) && token.Fault is null);
        await UntilAsync(() => tokens.TryFind(TokenHash.Of("a"), "a", out var renewed) && renewed.Fault is "inactive");
        Assert.Equal(["a", "a"], _asked);
        Assert.False(tokens.HasHeld(TokenHash.Of("a")));
    }

    [Fact]
    public async Task Tokens_that_nobody_issued_push_out_none_that_somebody_uses()
    {
        var tokens = Create(Policy with { MaxTokens = 100 });
        await AskAsync(tokens, "good");
        _answer = Say("""{ "active": false }""");
        for (var i = 0; i < 2_000; i++)
        {
            await AskAsync(tokens, $"bad-{i}");
            Assert.InRange(tokens.Count.Refused, 1, 100);
        }

        Assert.Equal(1, tokens.Count.Holding);
        Assert.True(tokens.TryFind(TokenHash.Of("good"), "good", out _));
    }

    [Fact]
    public async Task Questions_at_once_have_an_end()
    {
        var source = new TaskCompletionSource<(IntrospectionAnswer?, CallFailure, bool)>();
        _answer = _ => source.Task;
        var tokens = Create(Policy);
        var waiting = Enumerable.Range(0, IntrospectedTokens.MostQuestions).Select(number => AskAsync(tokens, $"token-{number}")).ToArray();
        Assert.Equal(CallFailure.Overloaded, (await AskAsync(tokens, "one-more")).Failure);
        Assert.Equal(IntrospectedTokens.MostQuestions, _asked.Count);
        source.SetResult((null, CallFailure.Timeout, false));
        Assert.All(await Task.WhenAll(waiting), static result => Assert.Equal(CallFailure.Timeout, result.Failure));
        _answer = Say("""{ "active": true, "client_id": "acme", "aud": "orders" }""");
        Assert.NotNull((await AskAsync(tokens, "one-more")).Token);
    }

    [Fact]
    public async Task Questions_of_one_address_leave_room_for_those_of_others()
    {
        var (one, other) = (IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2"));
        var source = new TaskCompletionSource<(IntrospectionAnswer?, CallFailure, bool)>();
        _answer = _ => source.Task;
        var tokens = Create(Policy);
        var waiting = Enumerable.Range(0, IntrospectedTokens.MostOfAddress).Select(number => tokens.AskAsync(TokenHash.Of($"{number}"), $"{number}", one)).ToArray();
        Assert.Equal(CallFailure.Overloaded, (await tokens.AskAsync(TokenHash.Of("more"), "more", one)).Failure);
        var asked = tokens.AskAsync(TokenHash.Of("theirs"), "theirs", other);
        Assert.Equal("theirs", _asked[^1]);
        source.SetResult((null, CallFailure.Timeout, false));
        await Task.WhenAll([asked, .. waiting]);
        _answer = Say("""{ "active": true, "client_id": "acme", "aud": "orders" }""");
        Assert.NotNull((await tokens.AskAsync(TokenHash.Of("more"), "more", one)).Token);
    }

    [Fact]
    public async Task Refusals_of_one_moment_are_one_refusal()
    {
        var source = new TaskCompletionSource<(IntrospectionAnswer?, CallFailure, bool)>();
        _answer = _ => source.Task;
        var tokens = Create(Policy);
        var waiting = Enumerable.Range(0, 20).Select(number => AskAsync(tokens, $"{number}")).ToArray();
        source.SetResult((null, CallFailure.Refused, true));
        Assert.All(await Task.WhenAll(waiting), static result => Assert.Equal(TimeSpan.FromSeconds(1), result.RetryAfter));
        _time.Advance(TimeSpan.FromSeconds(1));
        _answer = Say("""{ "active": true, "client_id": "acme", "aud": "orders" }""");
        Assert.NotNull((await AskAsync(tokens, "a")).Token);
    }

    // Whoever tries a wrong secret with each request is locked out.
    [Fact]
    public async Task Server_that_does_not_know_the_gateway_is_left_alone_for_longer_each_time()
    {
        _answer = static _ => Task.FromResult<(IntrospectionAnswer?, CallFailure, bool)>((null, CallFailure.Refused, true));
        var tokens = Create(Policy);
        foreach (var pause in new[] { 1, 2, 4, 8, 16, 32, 32 })
        {
            _asked.Clear();
            Assert.Equal((CallFailure.Refused, TimeSpan.FromSeconds(pause)), await FailAsync("a"));
            Assert.Equal((CallFailure.Refused, TimeSpan.FromSeconds(pause)), await FailAsync("b"));
            Assert.Equal(["a"], _asked);
            _time.Advance(TimeSpan.FromSeconds(pause));
        }

        _answer = Say("""{ "active": true, "client_id": "acme", "aud": "orders" }""");
        Assert.NotNull((await AskAsync(tokens, "a")).Token);
        _answer = static _ => Task.FromResult<(IntrospectionAnswer?, CallFailure, bool)>((null, CallFailure.Refused, true));
        Assert.Equal((CallFailure.Refused, TimeSpan.FromSeconds(1)), await FailAsync("c"));

        async Task<(CallFailure, TimeSpan)> FailAsync(string token)
        {
            var result = await AskAsync(tokens, token);
            Assert.Null(result.Token);
            return (result.Failure, result.RetryAfter);
        }
    }

    [Theory]
    [InlineData(""" "client_id": "acme" """, "audience")]
    [InlineData(""" "client_id": "acme", "aud": "stock" """, "audience")]
    [InlineData(""" "client_id": "acme", "aud": "ORDERS" """, "audience")]
    [InlineData(""" "client_id": "acme", "aud": "orders/" """, "audience")]
    [InlineData(""" "client_id": "acme", "aud": [] """, "audience")]
    [InlineData(""" "client_id": "acme", "aud": [ "stock", "orders" ] """, null)]
    [InlineData(""" "client_id": "acme", "aud": "orders", "exp": 1799999970 """, "expired")]
    [InlineData(""" "client_id": "acme", "aud": "orders", "exp": 1799999971 """, null)]
    [InlineData(""" "client_id": "acme", "aud": "orders", "exp": 253402300799 """, null)]
    [InlineData(""" "client_id": "acme", "aud": "orders", "nbf": 1800000031 """, "not-yet")]
    [InlineData(""" "client_id": "acme", "aud": "orders", "nbf": 1800000030 """, null)]
    [InlineData(""" "aud": "orders" """, "no-consumer-claim")]
    [InlineData(""" "aud": "orders", "client_id": "" """, "consumer-claim-malformed")]
    [InlineData(""" "aud": "orders", "sub": "a\u0000b" """, "consumer-claim-malformed")]
    [InlineData(""" "aud": "orders", "azp": [ "a", "b" ] """, "consumer-claim-doubled")]
    [InlineData(""" "aud": "orders", "azp": "shop" """, null)]
    public async Task Answer_has_to_fit(string members, string? fault)
    {
        _answer = Say($$"""{ "active": true, {{members}} }""");
        Assert.Equal(fault, (await AskAsync(Create(Policy), "a")).Token!.Fault);
    }

    [Theory]
    [InlineData(""" "iss": "https://login.example.com/" """, null)]
    [InlineData(""" "iss": "https://login.example.com" """, "issuer")]
    [InlineData(""" "iss": "https://LOGIN.example.com/" """, "issuer")]
    [InlineData(""" "nothing": 1 """, "issuer")]
    public async Task Issuer_has_to_be_who_was_named(string members, string? fault)
    {
        _answer = Say($$"""{ "active": true, "client_id": "acme", {{members}} }""");
        Assert.Equal(fault, (await AskAsync(Create(Policy with { Audiences = [], AllowAnyAudience = true, Issuer = "https://login.example.com/" }), "a")).Token!.Fault);
    }

    private static Task<IntrospectionResult> AskAsync(IntrospectedTokens tokens, string token) => tokens.AskAsync(TokenHash.Of(token), token);

    private static Func<string, Task<(IntrospectionAnswer?, CallFailure, bool)>> Say(string json) =>
        _ => Task.FromResult<(IntrospectionAnswer?, CallFailure, bool)>((IntrospectionAnswer.Read(Encoding.UTF8.GetBytes(json), "partners"), CallFailure.None, false));

    private IntrospectedTokens Create(IntrospectionPolicy policy) => new(
        policy,
        CallerClaims.NamesOf(["client_id", "azp", "sub"]),
        token =>
        {
            lock (_asked)
            {
                _asked.Add(token);
            }

            return _answer(token);
        },
        new(new GatewayMeter(_services.GetRequiredService<IMeterFactory>()), _time, NullLogger<IntrospectionMetrics>.Instance),
        _time);

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            await Task.Yield();
            limit.Token.ThrowIfCancellationRequested();
        }
    }
}
