using GatewayKit.Resilience.Bulkheads;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Bulkheads;

/// <summary>Random traces of classes that share places, held against <see cref="PriorityModel"/>, and all of them at once.</summary>
public sealed class PriorityTraceTests
{
    private const int Traces = 1_000;
    private const int Steps = 300;

    private static readonly Dictionary<string, double> Shares = new() { ["A"] = 0.5, ["B"] = 0.3, ["C"] = 0.15 };
    private static readonly string[] Classes = ["A", "B", "C", PriorityModel.Unknown];

    [Fact]
    public async Task Traces_are_those_of_the_model()
    {
        var refusals = 0;
        for (var seed = 0; seed < Traces; seed++)
        {
            refusals += await RunAsync(seed);
        }

        Assert.InRange(refusals, Traces, Traces * Steps);
    }

    // Fewest of its share first: each class that waits and holds nothing has one of the next three places, whoever else waits.
    [Fact]
    public void Class_with_a_share_does_not_starve()
    {
        var random = new Random(7);
        var bulkhead = new Bulkhead("one", isCluster: true, new FakeTimeProvider());
        var terms = new PlaceTerms(12, queue: 1_000, TimeSpan.FromMinutes(1), bulkhead: bulkhead, priorities: new() { Shares = Shares });
        while (bulkhead.Requests.TryTake(terms.ShareOf("A"), terms.Max) || bulkhead.Requests.TryTake(terms.ShareOf("B"), terms.Max))
        {
        }

        var waits = Classes.ToDictionary(static name => name, static _ => 0);
        for (var round = 0; round < 5_000; round++)
        {
            foreach (var name in Classes)
            {
                while (ClassOf(name).Waiting < 3)
                {
                    _ = bulkhead.Requests.GetsOneAsync(terms, TimeSpan.MaxValue, CancellationToken.None, terms.ShareOf(name));
                }
            }

            var holders = Shares.Keys.SelectMany(name => Enumerable.Repeat(name, ClassOf(name).Taken)).ToArray();
            ClassOf(holders[random.Next(holders.Length)]).GiveBack();
            foreach (var name in Shares.Keys)
            {
                waits[name] = ClassOf(name).Taken > 0 ? 0 : waits[name] + 1;
                Assert.InRange(waits[name], 0, Shares.Count - 1);
            }

            Assert.InRange(bulkhead.Requests.Taken, 11, 12);
        }

        // Who wants as much as it can get has its share of it, and what others leave.
        Assert.All(Shares, share => Assert.InRange(ClassOf(share.Key).Taken, (int)(share.Value * 12), 12));

        PlaceClass ClassOf(string name) => terms.ShareOf(name)!.Class;
    }

    // Takers, waiters, givers and those who give up, of all classes: the cap holds at every moment, nothing is left over, and nobody waits for a free place.
    [Fact]
    public async Task No_place_is_lost_when_all_come_at_once()
    {
        const int Max = 5;
        const int Tasks = 8;
        const int Rounds = 20_000;
        var bulkhead = new Bulkhead("busy", isCluster: true, TimeProvider.System);
        var terms = new PlaceTerms(Max, queue: 6, TimeSpan.FromMinutes(1), bulkhead: bulkhead, priorities: new() { Shares = Shares });
        var (inside, most, served, cancelled, refused) = (0, 0, 0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            var share = terms.ShareOf(Classes[seed % Classes.Length])!;
            for (var round = 0; round < Rounds; round++)
            {
                if (!bulkhead.Requests.TryTake(share, terms.Max))
                {
                    using var patience = new CancellationTokenSource();
                    var waiting = bulkhead.Requests.TakeAsync(terms, share, TimeSpan.MaxValue, patience.Token).AsTask();
                    if (random.Next(3) == 0)
                    {
                        await patience.CancelAsync();
                    }

                    try
                    {
                        if (await waiting is not PlaceWait.Taken)
                        {
                            Interlocked.Increment(ref refused);
                            continue;
                        }
                    }
                    catch (OperationCanceledException)
                    {
                        Interlocked.Increment(ref cancelled);
                        continue;
                    }
                }

                var now = Interlocked.Increment(ref inside);
                for (var seen = Volatile.Read(ref most); now > seen && Interlocked.CompareExchange(ref most, now, seen) != seen; seen = Volatile.Read(ref most))
                {
                }

                // To the end of the queue of the pool: all the others come before it gives back.
                await Task.Factory.StartNew(static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default);
                Interlocked.Increment(ref served);
                Interlocked.Decrement(ref inside);
                share.Class.GiveBack();
            }
        })));
        Assert.InRange(most, 1, Max);
        Assert.Equal(Tasks * Rounds, served + cancelled + refused);
        Assert.True(served > 10_000 && cancelled > 0, $"{served} served, {cancelled} cancelled, {refused} refused");
        Assert.Equal((0, 0), (bulkhead.Requests.Taken, bulkhead.Requests.Waiting));
        Assert.All(bulkhead.Requests.Classes, static one => Assert.Equal(0, one.Taken));
    }

    private static async Task<int> RunAsync(int seed)
    {
        var random = new Random(seed);
        var bulkhead = new Bulkhead("one", isCluster: true, new FakeTimeProvider());
        var places = bulkhead.Requests;
        var model = new PriorityModel(Shares);
        var queue = random.Next(1, 15);

        // Two at a time, as while a reload takes over.
        var terms = Enumerable.Range(0, 2)
            .Select(_ => new PlaceTerms(random.Next(1, 25), queue, TimeSpan.FromMinutes(1), bulkhead: bulkhead, priorities: new() { Shares = Shares })).ToArray();
        var leaving = Classes.ToDictionary(static name => name, static _ => new List<(LinkedListNode<PlaceWaiter> Waiter, CancellationTokenSource Gone, Task Waiting)>());
        var refusals = 0;
        for (var step = 0; step < Steps; step++)
        {
            var name = Classes[random.Next(Classes.Length)];
            var one = terms[random.Next(2)];
            var share = one.ShareOf(name)!;
            switch (random.Next(5))
            {
                case 0 or 1:
                    var isIn = places.TryTake(share, one.Max);
                    var expected = model.Arrive(name, one.Max, queue);
                    Assert.Equal(expected is true, isIn);
                    if (!isIn)
                    {
                        var gone = new CancellationTokenSource();
                        var waiting = places.TakeAsync(one, share, TimeSpan.MaxValue, gone.Token).AsTask();
                        if (expected is false)
                        {
                            refusals++;
                            Assert.Equal(PlaceWait.QueueFull, await waiting);
                        }
                        else
                        {
                            leaving[name].Add((share.Class.Last.Waiters.Last!, gone, waiting));
                        }
                    }

                    break;
                case 2 when model.Waiting(name) > 0:
                    var first = leaving[name].First(one => one.Waiter.List is not null);
                    model.Leave(name);
                    await first.Gone.CancelAsync();
                    await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Waiting);
                    break;
                case 3 or 4 when model.Held(name) > 0:
                    model.GiveBack(name);
                    share.Class.GiveBack();
                    break;
            }

            var most = terms.Max(static one => one.Max);
            Assert.InRange(places.Taken, 0, most);
            Assert.Equal((model.Taken, model.WaitingInAll), (places.Taken, places.Waiting));
            foreach (var known in Classes)
            {
                var actual = one.ShareOf(known)!.Class;
                Assert.Equal((known, model.Waiting(known)), (known, actual.Waiting));
                Assert.Equal((known, known == PriorityModel.Unknown ? 0 : model.Held(known)), (known, actual.Taken));
            }
        }

        return refusals;
    }
}
