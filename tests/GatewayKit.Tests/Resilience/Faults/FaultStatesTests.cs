using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience.Faults;

public sealed class FaultStatesTests
{
    private static readonly FaultPolicy Policy = new() { Abort = new() };

    private readonly FakeTimeProvider _time = new();
    private readonly FaultStates _states;

    public FaultStatesTests() => _states = new(_time, NullLogger<FaultStates>.Instance);

    // A route whose id is written in another case is the same route, and its faults do not begin anew.
    [Fact]
    public void Endpoint_that_is_built_again_finds_its_faults_in_any_case_of_its_name() => Assert.Same(For("Orders"), For("orders"));

    [Fact]
    public void Changed_policy_begins_anew() => Assert.NotSame(For("orders"), For("orders", Policy with { MaxActive = 1 }));

    // Endpoints of the host that agree in everything have one key.
    [Fact]
    public void Two_policies_of_one_key_do_not_take_turns()
    {
        var (one, other) = (For("orders"), For("orders", Policy with { MaxActive = 1 }));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(one, For("orders"));
        Assert.Same(other, For("orders", Policy with { MaxActive = 1 }));
    }

    [Fact]
    public void Faults_of_an_endpoint_that_is_gone_are_forgotten()
    {
        var state = Use();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(state.TryGetTarget(out _));
    }

    private FaultState For(string name, FaultPolicy? policy = null) => _states.For(
        GatewayEndpoint.Of(new RouteEndpointBuilder(null, RoutePatternFactory.Parse("/"), 0) { DisplayName = name }, [policy ?? Policy]), policy ?? Policy);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference<FaultState> Use() => new(For("orders"));
}
