using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Identity.OwnCalls;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Identity.ExternalAuthorization;

public sealed class KeptAnswersTests
{
    private static readonly AuthorizationAnswer Yes = new(AuthorizationVerdict.Allowed, "allowed") { KeepFor = TimeSpan.FromSeconds(10) };

    [Fact]
    public void Answer_holds_from_when_it_was_asked_for()
    {
        var time = new FakeTimeProvider();
        var kept = new KeptAnswers(10, time);
        var asked = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(4));
        kept.Keep(KeyOf(1), Yes, asked);
        time.Advance(TimeSpan.FromSeconds(5.9));
        Assert.Same(Yes, kept.Find(KeyOf(1)));
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Null(kept.Find(KeyOf(1)));
    }

    [Fact]
    public void However_many_come_some_are_kept()
    {
        var time = new FakeTimeProvider();
        var kept = new KeptAnswers(100, time);
        for (ulong i = 0; i < 100_000; i++)
        {
            kept.Keep(KeyOf(i), Yes, time.GetTimestamp());
            Assert.Same(Yes, kept.Find(KeyOf(i)));
            Assert.InRange(kept.Count, 1, 100);
        }
    }

    [Fact]
    public void One_that_is_renewed_pushes_nobody_out()
    {
        var time = new FakeTimeProvider();
        var kept = new KeptAnswers(10, time);
        kept.Keep(KeyOf(0), Yes, time.GetTimestamp());
        for (var i = 0; i < 1_000; i++)
        {
            kept.Keep(KeyOf(1), Yes, time.GetTimestamp());
        }

        Assert.Same(Yes, kept.Find(KeyOf(0)));
    }

    private static TokenHash KeyOf(ulong number) => new(number, 0, 0, 0);
}
