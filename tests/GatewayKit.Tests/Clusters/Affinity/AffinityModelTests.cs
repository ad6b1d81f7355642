using System.Diagnostics.Metrics;
using GatewayKit.Clusters;
using GatewayKit.Clusters.Affinity;
using GatewayKit.Clusters.Balancing;
using GatewayKit.Diagnostics;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Clusters.Affinity;

/// <summary>Destinations come, go, drain, are ejected and restored at random, while sessions send requests: the implementation does what the model says.</summary>
public sealed class AffinityModelTests : IDisposable
{
    private const int Traces = 20_000;
    private const int Steps = 25;
    private const int Sessions = 4;

    private static readonly string[] Names = ["a", "b", "c", "d"];

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<GatewayMeter>().AddSingleton<AffinityMetrics>().BuildServiceProvider();
    private readonly SessionTokens _tokens = new(new EphemeralDataProtectionProvider(), "c", TimeProvider.System);

    [Theory]
    [InlineData(MissingDestination.Redistribute, 1)]
    [InlineData(MissingDestination.Refuse, 2)]
    public void Sessions_stay_and_move_as_the_model_says(MissingDestination onMissing, int seed)
    {
        var random = new Random(seed);
        var answers = new int[3];
        for (var trace = 0; trace < Traces / 2; trace++)
        {
            var run = new Run(this, random, onMissing);
            for (var step = 0; step < Steps; step++)
            {
                answers[(int)run.Step($"trace {trace}, step {step}")]++;
            }
        }

        // All that may happen did, often.
        Assert.All(answers, static count => Assert.InRange(count, 2_000, int.MaxValue));
    }

    public void Dispose() => _services.Dispose();

    private sealed class Run
    {
        private readonly AffinityModelTests _test;
        private readonly Random _random;
        private readonly AffinityModel _model;
        private readonly Cluster _cluster;
        private readonly Balancer _balancer;
        private readonly Dictionary<string, DestinationState> _states = [];
        private readonly HashSet<string> _ejected = [];
        private readonly string?[] _cookies = new string?[Sessions];
        private SessionAffinity _affinity;
        private DestinationState[] _destinations = [];

        public Run(AffinityModelTests test, Random random, MissingDestination onMissing)
        {
            (_test, _random, _model) = (test, random, new(onMissing is MissingDestination.Refuse));
            _cluster = new() { Id = "c", LoadBalancing = LoadBalancing.Random, Affinity = new() { Cookie = new() { Name = "s" }, OnMissing = onMissing } };
            _balancer = new(_cluster, random: random);
            _affinity = Create(null);
            Join("a");
            Join("b");
        }

        public AffinityModel.Answer Step(string where)
        {
            Change(Names[_random.Next(Names.Length)]);
            return Ask(_random.Next(Sessions), where);
        }

        private SessionAffinity Create(SessionAffinity? previous) => new(_cluster, _test._tokens, _test._services.GetRequiredService<AffinityMetrics>(), previous);

        private void Change(string name)
        {
            var isConfigured = _model.Configured.Contains(name);
            switch (_random.Next(8))
            {
                case 0 when !isConfigured:
                    Join(name);
                    break;
                case 0 or 1 when isConfigured:
                    _states[name].Use.Drain();
                    _model.Leave(name);
                    Follow();
                    break;
                case 2 when isConfigured:
                    _states[name].Use.Drain();
                    _model.Drain(name);
                    break;
                case 3 when isConfigured:
                    _states[name].Use.Undrain();
                    _model.Undrain(name);
                    break;
                case 4 when _states.TryGetValue(name, out var state) && state.IsDraining:
                    state.Use.EndDrain();
                    _model.EndDrain(name);
                    break;
                case 5 when isConfigured:
                    _ejected.Add(name);
                    _model.Eject(name);
                    break;
                case 6 when isConfigured:
                    _ejected.Remove(name);
                    _model.Restore(name);
                    break;
                case 7:
                    // A reload that changes something else.
                    _affinity = Create(_affinity);
                    Follow();
                    break;
            }
        }

        private void Join(string name)
        {
            _states[name] = new(name, new() { Address = new($"http://{name}") });
            _ejected.Remove(name);
            _model.Join(name);
            Follow();
        }

        private void Follow()
        {
            _destinations = [.. _model.Configured.Select(name => _states[name])];
            _affinity.Follow(_destinations);
        }

        // What the ring does with one attempt.
        private AffinityModel.Answer Ask(int session, string where)
        {
            var request = new DefaultHttpContext();
            if (_cookies[session] is { } cookie)
            {
                request.Request.Headers.Cookie = "s=" + cookie;
            }

            var set = new DestinationSet(
                _destinations, _destinations.Where(state => !state.IsDraining && !_ejected.Contains(state.Id)).Select(Candidate.Whole), _balancer);
            var (expected, home) = (_model.Expect(session), _model.HomeOf(session));
            var served = _affinity.TryFind(request, set, default, out var bound) ? bound ?? set.Pick(request, default) : null;
            var told = served is null ? null : _affinity.Bind(request, served, StatusCodes.Status200OK);
            switch (expected)
            {
                case AffinityModel.Answer.AtHome:
                    Assert.True(served?.Id == home && told is null, $"{where}: session {session} of {home} was served by {served?.Id ?? "nobody"}.");
                    break;
                case AffinityModel.Answer.Anywhere:
                    Assert.True(served is not null && _model.TakesNew(served.Id) && told is not null, $"{where}: session {session} was served by {served?.Id ?? "nobody"}, or not told.");
                    _cookies[session] = told!.Value.Value.Split(';')[0][2..];
                    _model.Bind(session, served!.Id);
                    break;
                default:
                    Assert.True(served is null, $"{where}: session {session} of {home ?? "nobody"} was served by {served?.Id}.");
                    break;
            }

            return expected;
        }
    }
}
