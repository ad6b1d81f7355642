using System.Threading.Channels;

namespace GatewayKit.WireTests.Hosting;

/// <summary>As many lanes as may run at a time. A lane is what one run has for itself.</summary>
internal sealed class LanePool<TLane>(int count, Func<Task<TLane>> start) : IAsyncDisposable
    where TLane : IAsyncDisposable
{
    private readonly Channel<TLane> _free = Channel.CreateUnbounded<TLane>();
    private readonly List<TLane> _all = [];

    public async ValueTask StartAsync()
    {
        for (var i = 0; i < count; i++)
        {
            _all.Add(await start());
            _free.Writer.TryWrite(_all[^1]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _all)
        {
            await lane.DisposeAsync();
        }
    }

    /// <summary>Does something on each item, each time with a lane of its own. A lane on which it failed is replaced: nobody knows its state.</summary>
    public Task EachAsync<T>(IEnumerable<T> items, Func<TLane, T, Task> run) => Parallel.ForEachAsync(
        items,
        new ParallelOptions { MaxDegreeOfParallelism = count },
        async (item, stop) =>
        {
            var lane = await _free.Reader.ReadAsync(stop);
            var intact = false;
            try
            {
                await run(lane, item);
                intact = true;
            }
            finally
            {
                if (!intact)
                {
                    lane = await start();
                    lock (_all)
                    {
                        _all.Add(lane);
                    }
                }

                _free.Writer.TryWrite(lane);
            }
        });
}
