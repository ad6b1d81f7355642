using System.Net;
using GatewayKit.Pipeline;
using GatewayKit.Resilience.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Resilience.Faults;

public sealed class FaultPolicyTests
{
    private static readonly FaultPolicy Sound = new() { Abort = new(), Until = DateTimeOffset.UnixEpoch };

    public static TheoryData<FaultPolicy, string> Unsound() => new()
    {
        { new(), "injects nothing" },
        { new() { Delay = new() { Time = TimeSpan.Zero } }, "Delay.Time" },
        { new() { Delay = new() { Time = TimeSpan.FromMinutes(6) } }, "Delay.Time" },
        { new() { Delay = new() { Time = TimeSpan.FromSeconds(1), Percent = 100.1 } }, "Percent" },
        { new() { Abort = new() { Percent = -1 } }, "Percent" },
        { new() { Abort = new() { Status = 200 } }, "Status" },
        { new() { Abort = new() { GrpcStatus = 17 } }, "GrpcStatus" },
        { new() { Abort = new() { Reset = true, GrpcStatus = 14 } }, "Reset" },
        { new() { BodyRate = new() { BytesPerSecond = 0 } }, "BytesPerSecond" },
        { Sound with { MaxActive = 0 }, "MaxActive" },
        { Sound with { Match = new Dictionary<string, string> { ["not a name"] = "1" } }, "Match" },
        { Sound with { Match = new Dictionary<string, string> { ["X-Chaos"] = "" } }, "Match" },
        { Sound with { From = [IPNetwork.Parse("10.0.0.0/8")] }, "From" },
        { Sound with { Match = new Dictionary<string, string> { ["X-Chaos"] = "1" }, From = [IPNetwork.Parse("0.0.0.0/0")] }, "From" },
    };

    [Theory]
    [MemberData(nameof(Unsound))]
    public void Setting_without_meaning_is_refused_where_it_is_made(FaultPolicy policy, string word)
    {
        var error = Assert.Throws<OptionsValidationException>(() => new NoEndpoints().WithFaultInjection(policy));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sound_policy_is_accepted() => new NoEndpoints().WithFaultInjection(Sound);

    [Fact]
    public void Positions_add_up_and_one_position_overrides()
    {
        IGatewayPolicy client = Sound, other = Sound with { MaxActive = 5 }, destination = Sound with { Position = FaultPosition.Destination };
        Assert.Equal(client.Slot, other.Slot);
        Assert.NotEqual(client.Slot, destination.Slot);
    }

    [Theory]
    [InlineData(false, true, "Production", "GatewayOptions.FaultInjection")]
    [InlineData(true, false, "Production", "Until is absent")]
    [InlineData(true, false, null, "Until is absent")]
    [InlineData(true, true, "Production", null)]
    [InlineData(true, false, "Development", null)]
    public void Host_must_allow_faults_and_they_must_end(bool isAllowed, bool ends, string? environment, string? word)
    {
        var result = Check(new() { FaultInjection = isAllowed }, ends ? Sound : Sound with { Until = null }, environment);
        Assert.Equal(word is null, result.Succeeded);
        Assert.Contains(word ?? string.Empty, result.FailureMessage ?? string.Empty, StringComparison.Ordinal);
    }

    [Fact]
    public void Policy_that_is_off_needs_no_leave() => Assert.True(Check(new(), new() { Mode = PolicyMode.Off }, "Production").Succeeded);

    [Theory]
    [InlineData("10.1.0.0/16")]
    [InlineData("10.0.0.0/7")]
    public void Those_behind_a_trusted_proxy_are_not_trusted_with_faults(string from)
    {
        var policy = Sound with { Match = new Dictionary<string, string> { ["X-Chaos"] = "1" }, From = [IPNetwork.Parse(from)] };
        var result = Check(new() { FaultInjection = true, TrustedProxies = [IPNetwork.Parse("10.0.0.0/8")] }, policy, "Production");
        Assert.Contains("TrustedProxies", result.FailureMessage, StringComparison.Ordinal);
    }

    private static ValidateOptionsResult Check(GatewayOptions options, FaultPolicy policy, string? environment) =>
        new FaultSwitch(Options.Create(options), environment is null ? null : new Environment(environment)).Validate(null, policy);

    private sealed class Environment(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;

        public string ApplicationName { get; set; } = "tests";

        public string ContentRootPath { get; set; } = "/";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }

    private sealed class NoEndpoints : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
