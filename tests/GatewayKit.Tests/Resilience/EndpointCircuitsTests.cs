using GatewayKit.Pipeline;
using GatewayKit.Resilience;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience;

public sealed class EndpointCircuitsTests : IDisposable
{
    private readonly ServiceProvider _services;
    private readonly EndpointCircuits _circuits;
    private readonly GatewayCircuits _byHand;
    private readonly List<EndpointCircuit> _held = [];

    public EndpointCircuitsTests()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new FakeTimeProvider());
        services.AddApiGateway();
        _services = services.BuildServiceProvider();
        _circuits = _services.GetRequiredService<EndpointCircuits>();
        _byHand = _services.GetRequiredService<GatewayCircuits>();
    }

    [Fact]
    public void Endpoint_that_is_built_again_finds_its_circuit() => Assert.Same(Find("/a", new()), Find("/a", new()));

    [Fact]
    public void What_was_tried_in_shadow_goes_on_in_force_and_the_circuit_decides_in_both()
    {
        var circuit = Find("/a", new() { Mode = PolicyMode.Shadow });
        Assert.Same(circuit, Find("/a", new()));
        circuit.Trip("test", 1, 1);
        Assert.False(circuit.TryEnter(out _));
    }

    [Fact]
    public void Other_endpoints_and_other_rules_have_others()
    {
        var circuit = Find("/a", new());
        Assert.NotSame(circuit, Find("/b", new()));
        Assert.NotSame(circuit, Find("/a", new() { MinResults = 5 }));
    }

    [Fact]
    public void Isolation_by_hand_lasts_until_it_is_closed_whatever_rules_come()
    {
        var (circuit, other) = (Find("/a", new()), Find("/b", new()));
        _byHand.Isolate("ENDPOINT /A");
        var stricter = Find("/a", new() { MinResults = 5 });
        Assert.False(circuit.TryEnter(out _) || stricter.TryEnter(out _));
        Assert.True(other.TryEnter(out _));
        Assert.Equal(CircuitState.Isolated, Assert.Contains("endpoint /a", _byHand.GetAll()));

        _byHand.Close("Endpoint /a");
        Assert.True(circuit.TryEnter(out _) && stricter.TryEnter(out _) && Find("/a", new() { MinResults = 6 }).TryEnter(out _));
    }

    [Fact]
    public void State_told_is_that_of_the_rules_that_serve()
    {
        var former = For("/a", new());
        former.Serve(former.BuildNumber);
        former.Breaker.Trip("test", 1, 1);

        // A configuration that is refused has built the endpoint too.
        var refused = For("/a", new() { MinResults = 4 });
        Assert.Equal(CircuitState.Open, _byHand.GetAll()["Endpoint /a"]);
        var current = For("/a", new() { MinResults = 5 });
        current.Serve(current.BuildNumber);
        former.Serve(1);
        Assert.Equal(CircuitState.Closed, _byHand.GetAll()["Endpoint /a"]);

        // Back to the rules before: their circuit is open still.
        Assert.Same(former, For("/a", new()));
        former.Serve(former.BuildNumber);
        Assert.Equal(CircuitState.Open, _byHand.GetAll()["Endpoint /a"]);
        GC.KeepAlive((former, refused, current));
    }

    [Fact]
    public void Unknown_name_is_told_with_the_nearest()
    {
        Find("/a", new());
        Assert.Contains("Did you mean 'Endpoint /a'?", Assert.Throws<ArgumentException>(() => _byHand.Isolate("Endpoint a")).Message);
        Assert.DoesNotContain("mean", Assert.Throws<ArgumentException>(() => _byHand.Close("nothing of the kind")).Message);
    }

    public void Dispose() => _services.Dispose();

    // Endpoints hold what they find; here it is held to the end of the test.
    private CircuitBreaker Find(string pattern, CircuitBreakerPolicy policy)
    {
        var found = For(pattern, policy);
        _held.Add(found);
        return found.Breaker;
    }

    private EndpointCircuit For(string pattern, CircuitBreakerPolicy policy) =>
        _circuits.For(GatewayEndpoint.Of(new RouteEndpointBuilder(static _ => Task.CompletedTask, RoutePatternFactory.Parse(pattern), 0) { DisplayName = $"Endpoint {pattern}" }, [policy]), policy);
}
