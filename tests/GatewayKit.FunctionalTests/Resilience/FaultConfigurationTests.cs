using System.Net;
using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;

namespace GatewayKit.FunctionalTests.Resilience;

/// <summary>Faults by configuration, and hosts that do not allow them.</summary>
public sealed class FaultConfigurationTests
{
    private const string Fault = """{ "Abort": { "Status": 500 }, "Until": "2100-01-01T00:00:00Z" }""";

    [Fact]
    public async Task Host_that_does_not_allow_faults_does_not_start_and_names_the_switch()
    {
        var fromJson = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(Json(Fault)));
        Assert.Contains("GatewayOptions.FaultInjection", fromJson.Message, StringComparison.Ordinal);
        Assert.Contains("Routes:all:Fault", fromJson.Message, StringComparison.Ordinal);
        var fromCode = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            map: static app => app.MapGet("/", static () => "own").WithFaultInjection(new() { Abort = new(), Until = DateTimeOffset.MaxValue })));
        Assert.Contains("GatewayOptions.FaultInjection", fromCode.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_can_be_said_in_JSON()
    {
        await using var gateway = await TestHost.GatewayAsync(Json(
            """
            {
              "Position": "Client", "Delay": { "Percent": 0.0001, "Time": "00:00:02" }, "Abort": { "Percent": 100, "Status": 500, "GrpcStatus": 14 },
              "BodyRate": { "Percent": 1, "BytesPerSecond": 1024 }, "Draw": "PerRequest", "Match": { "X-Chaos": "1" }, "From": [ "127.0.0.0/8" ],
              "MaxActive": 10, "Until": "2100-01-01T00:00:00Z", "Seed": 1, "Mode": "Enforce"
            }
            """,
            allows: true));
        using var plain = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        gateway.Client.DefaultRequestHeaders.Add("X-Chaos", "1");
        using var faulty = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.InternalServerError), (plain.StatusCode, faulty.StatusCode));
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_at_once()
    {
        var refusal = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(Json("""{ "Abort": { "Status": 200 }, "MaxActive": 0, "Delay": { "Time": "00:10:00" }, "Until": "2100-01-01T00:00:00Z" }""", allows: true)));
        Assert.Contains("Status", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("MaxActive", refusal.Message, StringComparison.Ordinal);
    }

    private static string Json(string fault, bool allows = false) =>
        $$"""
        {
          "FaultInjection": {{(allows ? "true" : "false")}},
          "Routes": { "all": { "Match": { "Path": "/{**rest}" }, "Respond": { "Body": "here" }, "Fault": {{fault}} } }
        }
        """;
}
