using GatewayKit.Identity.Schemes;
using GatewayKit.JwtBearer;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;

namespace GatewayKit.JwtBearerTests;

/// <summary>When the keys of an issuer are fetched, and how long they count.</summary>
public sealed class IssuerKeysTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly IssuerKeys _keys;
    private string[] _published = ["a"];
    private bool _isDown;
    private int _fetched;
    private Task _gate = Task.CompletedTask;

    public IssuerKeysTests() => _keys = new(
        "Bearer",
        async _ =>
        {
            Interlocked.Increment(ref _fetched);
            await _gate;
            return _isDown ? throw new HttpRequestException("down") : [.. _published.Select(static id => new JsonWebKey { Kid = id, Kty = "RSA" })];
        },
        TimeSpan.FromHours(24),
        _time,
        NullLogger.Instance);

    [Fact]
    public async Task A_known_key_is_fetched_once()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("a", await FindAsync("a"));
        }

        Assert.Equal(1, _fetched);
    }

    [Fact]
    public async Task Many_who_ask_at_once_are_served_by_one_fetch()
    {
        var gate = new TaskCompletionSource();
        _gate = gate.Task;
        var asking = Enumerable.Range(0, 200).Select(_ => FindAsync("a")).ToArray();
        gate.SetResult();
        Assert.All(await Task.WhenAll(asking), static id => Assert.Equal("a", id));
        Assert.Equal(1, _fetched);
    }

    [Fact]
    public async Task A_flood_of_unknown_ids_fetches_once_in_30_seconds()
    {
        Assert.Equal("a", await FindAsync("a"));
        for (var second = 0; second < 120; second++)
        {
            for (var i = 0; i < 50; i++)
            {
                Assert.Null(await FindAsync($"unknown-{second}-{i}"));
            }

            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(4, _fetched);
    }

    [Fact]
    public async Task A_new_key_is_found_by_the_first_token_that_names_it()
    {
        Assert.Equal("a", await FindAsync("a"));
        (_published, _) = (["a", "b"], 0);
        _time.Advance(IssuerKeys.Pace);
        Assert.Equal("b", await FindAsync("b"));
    }

    [Fact]
    public async Task A_key_that_is_withdrawn_counts_no_more_once_keys_are_fetched_again()
    {
        Assert.Equal("a", await FindAsync("a"));
        _published = ["b"];
        _time.Advance(IssuerKeys.Pace);
        Assert.Equal("b", await FindAsync("b"));
        Assert.Null(await FindAsync("a"));
    }

    // Without waiting for it: the key that is known serves the request that started the fetch.
    [Fact]
    public async Task After_an_hour_keys_are_fetched_again_beside_requests()
    {
        Assert.Equal("a", await FindAsync("a"));
        var gate = new TaskCompletionSource();
        _gate = gate.Task;
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("a", await FindAsync("a"));
        gate.SetResult();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _fetched) == 2, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Keys_are_used_for_a_day_after_the_last_fetch_and_then_not()
    {
        Assert.Equal("a", await FindAsync("a"));
        _isDown = true;
        for (var minutes = 0; minutes < (24 * 60) - 10; minutes += 10)
        {
            Assert.Equal("a", await FindAsync("a"));
            _time.Advance(TimeSpan.FromMinutes(10));
        }

        _time.Advance(TimeSpan.FromMinutes(10));
        await Assert.ThrowsAsync<AuthenticationUnavailableException>(() => FindAsync("a"));
        _isDown = false;
        _time.Advance(IssuerKeys.RetryPace);
        Assert.Equal("a", await FindAsync("a"));
    }

    [Fact]
    public async Task While_the_issuer_is_away_nobody_can_say_that_a_key_is_not_its_own()
    {
        Assert.Equal("a", await FindAsync("a"));
        _isDown = true;
        _time.Advance(IssuerKeys.Pace);
        await Assert.ThrowsAsync<AuthenticationUnavailableException>(() => FindAsync("b"));
        Assert.Equal("a", await FindAsync("a"));
    }

    [Fact]
    public async Task Without_any_keys_it_is_tried_once_a_second()
    {
        _isDown = true;
        for (var i = 0; i < 100; i++)
        {
            await Assert.ThrowsAsync<AuthenticationUnavailableException>(() => FindAsync("a"));
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(10, _fetched);
    }

    [Fact]
    public async Task Two_keys_of_one_id_are_none()
    {
        _published = ["a", "a"];
        Assert.Null(await FindAsync("a"));
    }

    private async Task<string?> FindAsync(string id) => (await _keys.FindAsync(id, static _ => true))?.KeyId;
}
