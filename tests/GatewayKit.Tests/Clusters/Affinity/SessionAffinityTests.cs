using GatewayKit.Clusters;
using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters.Affinity;

public sealed class SessionAffinityTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<AffinityMetrics>().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly CountingProtection _protection = new();
    private readonly DestinationState[] _destinations = [.. "ab".Select(static name => new DestinationState(name.ToString(), new() { Address = new($"http://{name}") }))];

    [Fact]
    public void Retry_of_a_request_may_be_served_elsewhere_and_the_session_stays()
    {
        var affinity = Create(MissingDestination.Redistribute);
        var request = Request(affinity, _destinations[0]);
        var tried = default(TriedDestinations);
        tried.Add(_destinations[0]);
        Assert.True(affinity.TryFind(request, Set(), default, out var bound));
        Assert.Same(_destinations[0], bound);
        Assert.True(affinity.TryFind(request, Set(), tried, out bound));
        Assert.Null(bound);
        Assert.Null(affinity.Bind(request, _destinations[1], 200));
    }

    [Fact]
    public void Retry_of_a_session_that_must_not_move_goes_to_the_same_destination()
    {
        var affinity = Create(MissingDestination.Refuse);
        var tried = default(TriedDestinations);
        tried.Add(_destinations[0]);
        Assert.True(affinity.TryFind(Request(affinity, _destinations[0]), Set(), tried, out var bound));
        Assert.Same(_destinations[0], bound);
    }

    [Theory]
    [InlineData(MissingDestination.Redistribute, true)]
    [InlineData(MissingDestination.Refuse, false)]
    public void Session_whose_destination_does_not_take_the_call_moves_or_is_refused(MissingDestination onMissing, bool moves)
    {
        var affinity = Create(onMissing);
        var request = Request(affinity, _destinations[0]);
        Assert.True(affinity.TryFind(request, Set(), default, out _));
        Assert.Equal(moves, affinity.Release(request));
        Assert.Equal(moves, affinity.TryFind(request, Set(), default, out var bound));
        Assert.Null(bound);
        Assert.True(!moves || affinity.Bind(request, _destinations[1], 200) is not null);
    }

    [Fact]
    public void Destination_at_another_address_is_another_one()
    {
        var affinity = Create(MissingDestination.Refuse);
        var request = Request(affinity, _destinations[0]);
        DestinationState[] moved = [new("a", new() { Address = new("http://elsewhere") }), _destinations[1]];
        affinity.Follow(moved);
        Assert.False(affinity.TryFind(request, new(moved, moved.Select(Candidate.Whole), new(new() { Id = "c" })), default, out _));
    }

    [Fact]
    public void Tokens_of_another_cluster_count_for_nothing()
    {
        var tokens = new SessionTokens(_protection, "c", _time);
        var others = new SessionTokens(_protection, "d", _time);
        Assert.True(tokens.TryRead(tokens.Of(1), out var identity));
        Assert.Equal(1ul, identity);
        Assert.False(tokens.TryRead(others.Of(1), out _));
        Assert.True(new SessionTokens(_protection, "C", _time).TryRead(tokens.Of(1), out _));
    }

    [Fact]
    public void Tokens_are_protected_once_and_read_once_an_hour()
    {
        var tokens = new SessionTokens(_protection, "c", _time);
        var text = tokens.Of(1);
        for (var i = 0; i < 100; i++)
        {
            Assert.Same(text, tokens.Of(1));
            Assert.True(tokens.TryRead(text, out _));
        }

        Assert.Equal((1, 1), (_protection.Protected, _protection.Unprotected));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True(tokens.TryRead(text, out _));
        Assert.NotEqual(text, tokens.Of(1));
        Assert.Equal((2, 2), (_protection.Protected, _protection.Unprotected));
    }

    [Fact]
    public void Made_up_tokens_are_not_kept_and_long_ones_not_read()
    {
        var tokens = new SessionTokens(_protection, "c", _time);
        Assert.False(tokens.TryRead(new string('A', 513), out _));
        Assert.Equal(0, _protection.Unprotected);
        for (var i = 0; i < 3; i++)
        {
            Assert.False(tokens.TryRead(new string('A', 136), out _));
        }

        Assert.Equal(3, _protection.Unprotected);
    }

    public void Dispose() => _services.Dispose();

    private SessionAffinity Create(MissingDestination onMissing)
    {
        var cluster = new Cluster { Id = "c", Affinity = new() { Header = new() { Name = "X-Session" }, OnMissing = onMissing } };
        var affinity = new SessionAffinity(cluster, new(_protection, "c", _time), _services.GetRequiredService<AffinityMetrics>(), null);
        affinity.Follow(_destinations);
        return affinity;
    }

    private DestinationSet Set() => new(_destinations, _destinations.Select(Candidate.Whole), new(new() { Id = "c" }));

    private DefaultHttpContext Request(SessionAffinity affinity, DestinationState home)
    {
        var first = new DefaultHttpContext();
        Assert.True(affinity.TryFind(first, Set(), default, out _));
        var next = new DefaultHttpContext();
        next.Request.Headers["X-Session"] = affinity.Bind(first, home, 200)!.Value.Value;
        return next;
    }

    private sealed class CountingProtection : IDataProtectionProvider
    {
        private readonly EphemeralDataProtectionProvider _inner = new();

        public int Protected { get; private set; }

        public int Unprotected { get; private set; }

        public IDataProtector CreateProtector(string purpose) => new Protector(this, _inner.CreateProtector(purpose));

        private sealed class Protector(CountingProtection owner, IDataProtector inner) : IDataProtector
        {
            public IDataProtector CreateProtector(string purpose) => new Protector(owner, inner.CreateProtector(purpose));

            public byte[] Protect(byte[] plaintext)
            {
                owner.Protected++;
                return inner.Protect(plaintext);
            }

            public byte[] Unprotect(byte[] protectedData)
            {
                owner.Unprotected++;
                return inner.Unprotect(protectedData);
            }
        }
    }
}
