using GatewayKit.Pipeline;
using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>Who gets a place, and who waits for one, where classes share them.</summary>
public sealed class PriorityPlacesTests
{
    private const string Unknown = "unknown";

    private static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(100);

    private readonly FakeTimeProvider _time = new();
    private readonly Bulkhead _bulkhead;
    private readonly PlaceTerms _terms;

    public PriorityPlacesTests()
    {
        _bulkhead = new("one", isCluster: true, _time);
        _terms = Terms(20);
    }

    private Places Places => _bulkhead.Requests;

    [Fact]
    public void One_class_may_have_all_but_a_tenth()
    {
        Assert.Equal(18, Take(PriorityClass.BestEffort, 100));
        Assert.Equal(2, Take(PriorityClass.Critical, 100));
        Assert.Equal(20, Places.Taken);
    }

    [Fact]
    public void What_is_kept_is_for_every_class_under_its_share()
    {
        Take(PriorityClass.Critical, 18);
        Assert.Equal((0, 1), (Take(PriorityClass.Critical, 1), Take(PriorityClass.BestEffort, 1)));
        Assert.Equal((1, 0), (Take(PriorityClass.Standard, 1), Take(PriorityClass.Standard, 1)));
    }

    [Fact]
    public void Unknown_class_is_the_first_to_find_no_place()
    {
        Take(PriorityClass.Critical, 10);
        Assert.Equal(8, Take(Unknown, 100));
        Assert.Equal((1, 1), (Take(PriorityClass.BestEffort, 1), Take(PriorityClass.Standard, 1)));
        Assert.Equal(0, Take(Unknown, 1));
    }

    [Fact]
    public void Request_of_whose_class_nobody_says_anything_is_a_standard_one() =>
        Assert.Same(_terms.ShareOf(PriorityClass.Standard), _terms.ShareOf(null));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(9, 8)]
    [InlineData(10, 9)]
    [InlineData(29, 27)]
    [InlineData(30, 27)]
    public void Tenth_is_kept_and_one_at_least_if_there_is_more_than_one(int max, int open) =>
        Assert.Equal(open, Take(Unknown, 100, Terms(max)));

    [Theory]
    [InlineData(100, 0.07, 7)]
    [InlineData(10, 0.3, 3)]
    [InlineData(10, 0.31, 4)]
    [InlineData(3, 0.01, 1)]
    public void Share_is_rounded_up_and_not_by_more(int max, double share, int entitled)
    {
        var one = new PlaceShare(Places.Unclassed, share);
        Assert.Equal((max, max - PlaceShare.Kept(max)), (one.Most(entitled, max), one.Most(entitled + 1, max)));
    }

    [Fact]
    public async Task Freed_place_goes_to_the_class_with_least_of_its_share()
    {
        // 8 of 10, 8 of 8 and 2 of 2: all are at work, and Critical has the least of what it is entitled to.
        Take(PriorityClass.Standard, 8);
        Take(PriorityClass.Critical, 8);
        Take(PriorityClass.BestEffort, 2);
        Take(PriorityClass.Critical, 2);
        var (best, standard, critical) = (WaitAsync(PriorityClass.BestEffort), WaitAsync(PriorityClass.Standard), WaitAsync(PriorityClass.Critical));
        GiveBack(PriorityClass.Critical);
        Assert.True(await critical);
        Assert.False(best.IsCompleted || standard.IsCompleted);
        GiveBack(PriorityClass.Standard);
        Assert.True(await standard);
        GiveBack(PriorityClass.BestEffort);
        Assert.True(await best);
        Assert.Equal((20, 0), (Places.Taken, Places.Waiting));
    }

    [Fact]
    public async Task Place_that_is_kept_goes_to_nobody_above_its_share()
    {
        Take(PriorityClass.BestEffort, 18);
        var waiting = WaitAsync(PriorityClass.BestEffort);
        Take(PriorityClass.Critical, 2);
        GiveBack(PriorityClass.Critical);
        Assert.False(waiting.IsCompleted);
        GiveBack(PriorityClass.Critical);
        Assert.False(waiting.IsCompleted);
        GiveBack(PriorityClass.BestEffort);
        Assert.True(await waiting);
        Assert.Equal(18, Places.Taken);
    }

    [Fact]
    public async Task Unknown_class_waits_until_nobody_else_does()
    {
        Take(PriorityClass.BestEffort, 18);
        var (unknown, best) = (WaitAsync(Unknown), WaitAsync(PriorityClass.BestEffort));
        GiveBack(PriorityClass.BestEffort);
        Assert.True(await best);
        Assert.False(unknown.IsCompleted);
        GiveBack(PriorityClass.BestEffort);
        Assert.True(await unknown);
    }

    [Fact]
    public async Task Places_to_wait_are_shared_out_like_the_others()
    {
        Take(PriorityClass.BestEffort, 18);
        Take(PriorityClass.Critical, 2);
        var low = Enumerable.Range(0, 9).Select(_ => WaitAsync(PriorityClass.BestEffort)).ToArray();
        Assert.All(low, static waiting => Assert.False(waiting.IsCompleted));
        Assert.Equal(PlaceWait.QueueFull, await Places.TakeAsync(_terms, _terms.ShareOf(PriorityClass.BestEffort), TimeSpan.MaxValue, TestContext.Current.CancellationToken));
        Assert.False(WaitAsync(PriorityClass.Critical).IsCompleted);
        Assert.Equal(10, Places.Waiting);
    }

    [Fact]
    public async Task Wait_ends_at_its_limit_and_holds_nothing()
    {
        Take(PriorityClass.BestEffort, 18);
        var waiting = Places.TakeAsync(_terms, _terms.ShareOf(PriorityClass.BestEffort), TimeSpan.MaxValue, TestContext.Current.CancellationToken).AsTask();
        _time.Advance(MaxWait);
        Assert.Equal(PlaceWait.TooLate, await waiting);
        Assert.Equal((18, 18, 0), (Places.Taken, Places.ClassOf(PriorityClass.BestEffort).Taken, Places.Waiting));
    }

    // A class that may have none of the places that are kept: everyone who comes asks for those who wait, all of whom are refused alike.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Arrival_costs_the_same_however_many_wait(bool hasFormerTerms)
    {
        const int Arrivals = 2_000;
        var terms = Wide();
        Take(PriorityClass.BestEffort, 18, terms);
        if (hasFormerTerms)
        {
            // Those who came before a reload, and wait still.
            Wait(Wide(), 1);
        }

        Wait(terms, 1);
        var few = Arrive();
        Wait(terms, 20_000);
        var many = Arrive();
        Assert.InRange(many / few, 0, 50);

        // Of several tries the best: others use the machine, too.
        double Arrive() => Enumerable.Range(0, 5).Min(_ =>
        {
            var start = TimeProvider.System.GetTimestamp();
            Assert.Equal(0, Take(PriorityClass.BestEffort, Arrivals, terms));
            return TimeProvider.System.GetElapsedTime(start).TotalMicroseconds;
        });

        void Wait(PlaceTerms by, int count)
        {
            for (var i = 0; i < count; i++)
            {
                _ = Places.GetsOneAsync(by, TimeSpan.MaxValue, CancellationToken.None, by.ShareOf(PriorityClass.BestEffort));
            }
        }

        PlaceTerms Wide() => new(20, queue: 100_000, MaxWait, bulkhead: _bulkhead, priorities: new());
    }

    [Fact]
    public async Task First_come_is_first_served_whatever_the_terms()
    {
        Take(PriorityClass.BestEffort, 18);
        PlaceTerms[] terms = [_terms, Terms(20)];
        var waiting = Enumerable.Range(0, 6).Select(who => Places.GetsOneAsync(
            terms[who % 2], TimeSpan.MaxValue, TestContext.Current.CancellationToken, terms[who % 2].ShareOf(PriorityClass.BestEffort))).ToArray();
        foreach (var next in waiting)
        {
            Assert.False(next.IsCompleted);
            GiveBack(PriorityClass.BestEffort);
            Assert.True(await next);
        }
    }

    [Fact]
    public void Reload_with_other_shares_keeps_the_count()
    {
        Take(PriorityClass.BestEffort, 5);
        var after = new PlaceTerms(20, queue: 0, MaxWait, bulkhead: _bulkhead, priorities: new() { Shares = new Dictionary<string, double> { ["besteffort"] = 0.5 } });
        Assert.Same(_terms.ShareOf(PriorityClass.BestEffort)!.Class, after.ShareOf(PriorityClass.BestEffort)!.Class);
        Assert.Equal(5, after.ShareOf(PriorityClass.BestEffort)!.Class.Taken);
    }

    private PlaceTerms Terms(int max) => new(max, queue: 10, MaxWait, bulkhead: _bulkhead, priorities: new());

    private int Take(string priority, int count, PlaceTerms? terms = null)
    {
        terms ??= _terms;
        return Enumerable.Range(0, count).Count(_ => Places.TryTake(terms.ShareOf(priority), terms.Max));
    }

    private void GiveBack(string priority) => _terms.ShareOf(priority)!.Class.GiveBack();

    private Task<bool> WaitAsync(string priority) => Places.GetsOneAsync(_terms, TimeSpan.MaxValue, TestContext.Current.CancellationToken, _terms.ShareOf(priority));
}
