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

    public EndpointCircuitsTests()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(new FakeTimeProvider());
        services.AddApiGateway();
        _services = services.BuildServiceProvider();
        _circuits = _services.GetRequiredService<EndpointCircuits>();
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

    public void Dispose() => _services.Dispose();

    private CircuitBreaker Find(string pattern, CircuitBreakerPolicy policy) =>
        _circuits.For(GatewayEndpoint.Of(new RouteEndpointBuilder(static _ => Task.CompletedTask, RoutePatternFactory.Parse(pattern), 0), [policy]), policy);
}
