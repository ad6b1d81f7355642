using Microsoft.AspNetCore.Http;

namespace GatewayKit.Benchmarks.Overload;

/// <summary>
/// A service that can do so much and no more: some workers, an exponential time of work for each request, and a queue without an end in front of them, as most services have.
/// It works on a request though its client is gone.
/// </summary>
internal sealed class LimitedService(int workers, TimeSpan meanWork)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(20_261_129);
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private int _workers = workers;
    private int _working;
    private int _inFlight;
    private int _peak;

    /// <summary>Requests a second that it can do.</summary>
    public double Capacity => Volatile.Read(ref _workers) / meanWork.TotalSeconds;

    /// <summary>The most requests that were in it at once.</summary>
    public int Peak => Volatile.Read(ref _peak);

    public int InFlight => Volatile.Read(ref _inFlight);

    public void ForgetPeak() => Volatile.Write(ref _peak, 0);

    public void SetWorkers(int number)
    {
        lock (_lock)
        {
            _workers = number;
            Wake();
        }
    }

    public async Task ServeAsync(HttpContext context)
    {
        Note(Interlocked.Increment(ref _inFlight));
        await TakeWorkerAsync();
        await Task.Delay(DrawWork());
        GiveWorkerBack();
        Interlocked.Decrement(ref _inFlight);
        await context.Response.WriteAsync("served");
    }

    private Task TakeWorkerAsync()
    {
        lock (_lock)
        {
            if (_working < _workers)
            {
                _working++;
                return Task.CompletedTask;
            }

            var place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(place);
            return place.Task;
        }
    }

    private void GiveWorkerBack()
    {
        lock (_lock)
        {
            _working--;
            Wake();
        }
    }

    private void Wake()
    {
        while (_working < _workers && _waiting.TryDequeue(out var next))
        {
            _working++;
            next.SetResult();
        }
    }

    private TimeSpan DrawWork()
    {
        lock (_lock)
        {
            return meanWork * -Math.Log(1 - _random.NextDouble());
        }
    }

    private void Note(int inFlight)
    {
        var peak = Volatile.Read(ref _peak);
        while (inFlight > peak)
        {
            var seen = Interlocked.CompareExchange(ref _peak, inFlight, peak);
            if (seen == peak)
            {
                return;
            }

            peak = seen;
        }
    }
}
