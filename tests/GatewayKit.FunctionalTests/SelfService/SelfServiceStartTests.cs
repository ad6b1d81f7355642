using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.SelfService;

/// <summary>The view is closed, or the host does not start; and it is described.</summary>
public sealed class SelfServiceStartTests
{
    public static TheoryData<string> OpenViews => ["none", "shadow", "off", "share"];

    [Theory]
    [MemberData(nameof(OpenViews))]
    public async Task Host_does_not_start_with_a_view_that_asks_nobody(string which)
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(map: app =>
        {
            var group = app.MapGatewaySelfService();
            if (which != "none")
            {
                group.RequireApiKey(new ApiKeyPolicy { Mode = which switch { "shadow" => PolicyMode.Shadow, "off" => PolicyMode.Off, _ => PolicyMode.Enforce }, EnforcePercent = which == "share" ? 50 : 100 });
            }
        }));
        var error = Assert.Single(exception.Errors);
        Assert.Equal("MapGatewaySelfService()", error.Path);
        Assert.Contains("does not ask every one of them who it is", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Group_around_it_may_ask()
    {
        await using var gateway = await TestHost.GatewayAsync(map: static app => app.MapGroup("/partners").RequireApiKey().MapGatewaySelfService());
        using var response = await gateway.Client.GetAsync(new Uri("/partners/me", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)response.StatusCode);
    }

    [Fact]
    public async Task Host_without_the_gateway_is_told_what_to_call()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(map: static app => app.MapGatewaySelfService()));
        Assert.Contains("AddApiGateway()", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Descriptions_of_the_api_have_it_with_its_answers()
    {
        await using var gateway = await TestHost.GatewayAsync(services: static gateway => gateway.Services.AddEndpointsApiExplorer(), map: static app => app.MapGatewaySelfService().RequireApiKey());
        var described = Assert.Single(gateway.App.Services.GetRequiredService<IApiDescriptionGroupCollectionProvider>().ApiDescriptionGroups.Items.SelectMany(static group => group.Items));
        Assert.Equal(("GET", "me"), (described.HttpMethod, described.RelativePath));
        Assert.Equal([200, 401, 429], described.SupportedResponseTypes.Select(static type => type.StatusCode).Order());
        Assert.Equal("SelfServiceAnswer", described.SupportedResponseTypes.Single(static type => type.StatusCode == 200).Type?.Name);
    }
}
