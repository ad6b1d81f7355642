using GatewayKit.Clusters;
using GatewayKit.Clusters.Health;
using GatewayKit.Resilience;

namespace GatewayKit.Tests.Clusters.Health;

/// <summary>Ejection, panic and what is available, against plain code that keeps every call and computes all anew, over random traces.</summary>
public sealed class EjectionModelTests
{
    private const int Traces = 20_000;
    private const int Events = 30;
    private const int Seed = 20_261;

    [Fact]
    public void Implementation_does_what_the_model_says()
    {
        using var cluster = new WatchedCluster(keepsLog: false);
        var (random, ejections, lifts, panics) = (new Random(Seed), 0, 0, 0);
        for (var trace = 0; trace < Traces; trace++)
        {
            var model = new Model(cluster, random);
            for (var i = 0; i < Events; i++)
            {
                model.Step();
            }

            (ejections, lifts, panics) = (ejections + model.Ejections, lifts + model.Lifts, panics + model.Panics);
        }

        // The traces come to what they are about.
        Assert.True(ejections > Traces / 10 && lifts > Traces / 100 && panics > Traces / 10, $"{ejections} ejections, {lifts} given back, {panics} looks in panic");
    }

    private sealed class Model
    {
        private readonly WatchedCluster _cluster;
        private readonly Random _random;
        private readonly ClusterHealth _health;
        private readonly OutlierWatch _watch;
        private readonly DestinationHealth[] _members;
        private readonly List<(int Look, bool Failed)>[] _calls;
        private readonly bool[] _unhealthy, _ejected;
        private readonly double[] _failing;
        private readonly CircuitState[] _states;
        private int _look;

        public Model(WatchedCluster cluster, Random random)
        {
            (_cluster, _random) = (cluster, random);
            var count = random.Next(1, 7);
            _health = new()
            {
                Active = new() { Path = "/", UnhealthyAfter = 1, HealthyAfter = 1, Interval = TimeSpan.FromHours(1), IdleInterval = TimeSpan.FromHours(1) },
                PanicThreshold = random.Next(0, 4) switch { 0 => 0, 1 => 34, 2 => 75, _ => 50 },
                Outliers = new() { MinRequests = random.Next(1, 30), Distance = random.Next(1, 40), MaxPercent = random.Next(1, 100) },
            };
            cluster.Apply(null).Apply(WatchedCluster.Of(count, _health));

            // What checks say, the trace says.
            cluster.Probes.Leave(cluster.State.Vitals!);
            _members = [.. cluster.State.Destinations.Select(static destination => destination.Health!)];
            _watch = new(cluster.State.Vitals!, cluster.Time);
            (_unhealthy, _ejected, _states, _failing) = (new bool[count], new bool[count], new CircuitState[count], new double[count]);
            _calls = [.. Enumerable.Range(0, count).Select(static _ => new List<(int, bool)>())];
            Array.ForEach([.. Enumerable.Range(0, count)], i => _failing[i] = random.Next(3) == 0 ? random.NextDouble() : 0);
        }

        public int Ejections { get; private set; }

        public int Lifts { get; private set; }

        public int Panics { get; private set; }

        public void Step()
        {
            var one = _random.Next(_members.Length);
            switch (_random.Next(12))
            {
                case < 6:
                    Call(one, _random.Next(1, 40));
                    break;
                case < 9:
                    Look();
                    break;
                case 9:
                    _unhealthy[one] = _random.Next(2) == 0;
                    _members[one].Probes.Note(!_unhealthy[one], _health.Active!);
                    _cluster.State.Vitals!.Invalidate();
                    break;
                case 10:
                    Disturb(_members[one].Circuit);
                    break;
                default:
                    _cluster.Time.Advance(TimeSpan.FromSeconds(_random.Next(20)));
                    break;
            }

            Observe();
            Compare();
        }

        private void Call(int one, int count)
        {
            for (var i = 0; i < count; i++)
            {
                var failed = _random.NextDouble() < _failing[one];
                _members[one].Calls.Count(failed);
                _calls[one].Add((_look, failed));
            }
        }

        private void Disturb(CircuitBreaker circuit)
        {
            switch (_random.Next(4))
            {
                case 0:
                    circuit.Trip("test", 1, 1);
                    break;
                case 1:
                    circuit.ProbeEarly();
                    break;
                case 2 when circuit.State is CircuitState.HalfOpen && circuit.TryEnter(out var permit):
                    circuit.Leave(permit, _random.Next(3) == 0 ? CallResult.Failure : CallResult.Success, default);
                    break;
                case 3:
                    circuit.Close();
                    break;
            }
        }

        private void Look()
        {
            _cluster.Time.Advance(TimeSpan.FromSeconds(2));
            Observe();
            Compare();
            var window = _calls.Select(calls => calls.Where(call => call.Look > _look - CallWindow.Steps).ToArray()).ToArray();
            var expected = new List<int>();
            var suspects =
                from i in Enumerable.Range(0, _members.Length)
                let mine = window[i]
                let others = window.Where((_, other) => other != i).SelectMany(static calls => calls).ToArray()
                where mine.Length >= _health.Outliers.MinRequests && others.Length >= _health.Outliers.MinRequests
                where Points(mine) > Points(others) + (decimal)_health.Outliers.Distance
                orderby Points(mine) descending, i
                select i;
            foreach (var suspect in suspects.ToArray())
            {
                var unfit = Enumerable.Range(0, _members.Length).Where(i => _unhealthy[i] || _ejected[i] || expected.Contains(i) || i == suspect);
                var left = Enumerable.Range(0, _members.Length).Except([suspect, .. expected]).Count(i => !_unhealthy[i] && _states[i] is (CircuitState.Closed or CircuitState.Recovering));
                if (_states[suspect] is CircuitState.Closed or CircuitState.Recovering
                    && _ejected.Count(static one => one) + expected.Count < Math.Max(1, Math.Floor(_members.Length * _health.Outliers.MaxPercent / 100))
                    && 100.0 * (_members.Length - unfit.Count()) >= _health.PanicThreshold * _members.Length && left > 0)
                {
                    expected.Add(suspect);
                }
            }

            _watch.Look();
            _look++;
            foreach (var i in expected)
            {
                _ejected[i] = true;
            }

            Ejections += expected.Count;
            Assert.Equal(expected.Order(), Enumerable.Range(0, _members.Length).Where(i => _states[i] is not CircuitState.Open && _members[i].Circuit.State is CircuitState.Open));
            Observe();
        }

        // With as many failures as calls the points are 100, and exactly so.
        private static decimal Points((int Look, bool Failed)[] calls) => 100m * calls.Count(static call => call.Failed) / calls.Length;

        // Whatever a circuit went through, calls before it say nothing any more.
        private void Observe()
        {
            for (var i = 0; i < _members.Length; i++)
            {
                var state = _members[i].Circuit.State;
                if (state != _states[i])
                {
                    _calls[i].Clear();
                    (_states[i], _ejected[i]) = (state, _ejected[i] && state is (CircuitState.Open or CircuitState.HalfOpen));
                }
            }
        }

        private void Compare()
        {
            bool Fits(int i) => !_unhealthy[i] && !_ejected[i];
            bool Passes(int i) => _states[i] is not (CircuitState.Open or CircuitState.Isolated);
            bool IsTooFew() => 100.0 * Enumerable.Range(0, _members.Length).Count(Fits) < _health.PanicThreshold * _members.Length;
            var all = Enumerable.Range(0, _members.Length);
            if (_ejected.Contains(true) && (IsTooFew() || !all.Any(i => Passes(i) && !_unhealthy[i])))
            {
                Lifts++;
                foreach (var i in all.Where(i => _ejected[i]).ToArray())
                {
                    (_ejected[i], _states[i]) = (false, CircuitState.Closed);
                    _calls[i].Clear();
                }
            }

            var isPanic = IsTooFew();
            Panics += isPanic ? 1 : 0;
            var expected = string.Concat(all.Where(i => Passes(i) && (isPanic || !_unhealthy[i])).Select(i => _members[i].Id));
            Assert.Equal(expected, _cluster.Available);
            Assert.Equal(isPanic, _cluster.State.Availability.IsPanic);
            Assert.Equal(_ejected, _members.Select(static member => member.IsEjected));

            // Relative evidence never leaves nobody.
            Assert.True(!_ejected.All(static one => one));
        }
    }
}
