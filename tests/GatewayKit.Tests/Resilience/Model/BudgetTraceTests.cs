using GatewayKit.Resilience;

namespace GatewayKit.Tests.Resilience.Model;

/// <summary>The retry budget beside lists of everything that came, on random arrivals.</summary>
public sealed class BudgetTraceTests
{
    [Fact]
    public void Budget_keeps_its_promise_in_ten_thousand_traces() => TraceRunner.Run(10_000, static trace => new BudgetTrace(trace).Run());

    private sealed class BudgetTrace
    {
        private readonly Trace _trace;
        private readonly RetryBudgetPolicy _policy;
        private readonly RetryBudget _budget;
        private readonly List<(long At, int Count)> _requests = [];
        private readonly List<(long At, int Count)> _retries = [];

        public BudgetTrace(Trace trace)
        {
            _trace = trace;
            _policy = trace.Chance(0.5) ? new() : new()
            {
                Ratio = trace.OneOf(0, 0.05, 0.07, 0.3, 1),
                MinPerSecond = trace.OneOf(0, 0.5, 3, 10),
                Window = TimeSpan.FromSeconds(trace.OneOf(1, 5, 10)),
            };
            _budget = new(_policy, trace.Time);
        }

        public void Run()
        {
            for (var steps = _trace.Number(10, 50); steps > 0; steps--)
            {
                switch (_trace.Number(0, 9))
                {
                    case < 3:
                        Request(_trace.OneOf(1, 5, 20));
                        break;
                    case < 6:
                        Retry(_trace.OneOf(1, 5, 60));
                        break;
                    case < 9:
                        // Often to the very border of a slot, or one tick short of it.
                        var slot = _policy.Window / 10;
                        Pass(_trace.OneOf(_trace.Milliseconds(0, 300), slot, slot - TimeSpan.FromTicks(1), _policy.Window, _policy.Window - TimeSpan.FromTicks(1)));
                        break;
                    default:
                        _trace.Note($"the date is set");
                        _trace.Time.SetWallClock(TimeSpan.FromHours(_trace.OneOf(-1, 1)));
                        break;
                }
            }
        }

        private void Request(int count)
        {
            _trace.Note($"{count} requests");
            _requests.Add((Now, count));
            for (; count > 0; count--)
            {
                _budget.Deposit();
            }
        }

        private void Retry(int count)
        {
            _retries.Add((Now, 0));
            for (; count > 0; count--)
            {
                var may = _budget.TryWithdraw();
                _trace.Note($"retry: {may}");
                Assert.Equal(MayByModel(), may);
                if (may)
                {
                    _retries[^1] = (Now, _retries[^1].Count + 1);
                    KeepsItsPromise();
                }
            }
        }

        private void Pass(TimeSpan time)
        {
            _trace.Time.Advance(time);
            _trace.Note($"{time} passed");
        }

        // Requests of ten slots, retries of eleven.
        private bool MayByModel()
        {
            var requests = _requests.Sum(one => SlotOf(one.At) <= SlotOf(Now) - 10 ? 0 : one.Count);
            var retries = _retries.Sum(one => SlotOf(one.At) <= SlotOf(Now) - 11 ? 0 : one.Count);
            return retries + 1 <= ((decimal)_policy.Ratio * requests) + Reserve;
        }

        // Whatever the slots are: in the window that ends now.
        private void KeepsItsPromise()
        {
            var requests = _requests.Sum(one => Now - one.At <= _policy.Window.Ticks ? one.Count : 0);
            var retries = _retries.Sum(one => Now - one.At < _policy.Window.Ticks ? one.Count : 0);
            if (retries > ((decimal)_policy.Ratio * requests) + Reserve)
            {
                Assert.Fail($"{retries} retries for {requests} requests with {_policy}");
            }
        }

        private decimal Reserve => (decimal)_policy.MinPerSecond * (decimal)_policy.Window.TotalSeconds;

        private long Now => _trace.Time.GetTimestamp();

        private long SlotOf(long at) => at / (_policy.Window.Ticks / 10);
    }
}
