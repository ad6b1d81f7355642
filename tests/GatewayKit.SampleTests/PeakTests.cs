extern alias QuickStartApp;

using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.SampleTests;

/// <summary>What ThingsToTry invites to: a peak for a service that makes eight reports at a time.</summary>
public sealed partial class PeakTests
{
    [Fact]
    public async Task Peak_is_refused_by_the_gateway_and_hardly_felt_by_the_service()
    {
        await using var app = new WebApplicationFactory<QuickStartApp::Program>().WithWebHostBuilder(static host =>
            host.ConfigureAppConfiguration(static (_, configuration) => configuration.AddInMemoryCollection(QuickStartAddresses.Free())));
        using var client = app.CreateClient();
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using var answer = await client.GetAsync($"/reports/{i}");
            return answer.StatusCode;
        }));
        Assert.All(answers, static status => Assert.True(status is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable));
        Assert.Contains(HttpStatusCode.OK, answers);
        Assert.Contains(HttpStatusCode.ServiceUnavailable, answers);

        // The places that an adaptive limit begins with, and what it may have grown by.
        var most = int.Parse(Number().Match(await client.GetStringAsync("/reports/most")).Value, null);
        Assert.InRange(most, 1, 60);
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
