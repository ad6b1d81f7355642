using GatewayKit.Identity.RequestSignatures;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.RequestSignatures;

public sealed class SignatureReplaysTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_000));
    private readonly SignatureReplays _replays;

    public SignatureReplaysTests() => _replays = new(_time);

    [Fact]
    public void What_came_before_is_known_as_long_as_it_counts()
    {
        Assert.Equal(ReplayVerdict.New, Remember("a", until: 1_010));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(ReplayVerdict.Again, Remember("a", until: 1_010));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ReplayVerdict.New, Remember("a", until: 1_021));
    }

    [Fact]
    public void Keys_have_nothing_to_do_with_each_other()
    {
        Assert.Equal(ReplayVerdict.New, Remember("a", until: 1_010, key: "one"));
        Assert.Equal(ReplayVerdict.New, Remember("a", until: 1_010, key: "two"));
    }

    [Fact]
    public void More_than_can_be_remembered_is_not_let_in_until_something_is_forgotten()
    {
        Assert.Equal(ReplayVerdict.New, Remember("a", until: 1_020, most: 2));
        Assert.Equal(ReplayVerdict.New, Remember("b", until: 1_010, most: 2));
        Assert.Equal(ReplayVerdict.Full, Remember("c", until: 1_020, most: 2));
        Assert.Equal(ReplayVerdict.Again, Remember("a", until: 1_020, most: 2));
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(ReplayVerdict.New, Remember("c", until: 1_020, most: 2));
    }

    [Fact]
    public void Keys_that_nobody_signs_with_any_more_take_nothing()
    {
        for (var i = 0; i < 100; i++)
        {
            Remember("a", until: 1_010, key: $"key-{i}");
        }

        Assert.Equal(100, _replays.Keys);
        _time.Advance(TimeSpan.FromMinutes(2));
        Remember("a", until: 2_000, key: "last");
        Assert.Equal(1, _replays.Keys);
    }

    private ReplayVerdict Remember(string what, long until, int most = 100, string key = "key") => _replays.Remember(key, System.Text.Encoding.ASCII.GetBytes(what), until, most);
}
