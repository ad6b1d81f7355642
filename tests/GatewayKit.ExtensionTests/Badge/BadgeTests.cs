using System.Net;
using GatewayKit.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.ExtensionTests.Badge;

/// <summary>Claims that a policy of another assembly has checked count like those of a token.</summary>
public sealed class BadgeTests
{
    [Theory]
    [InlineData("anna;red", HttpStatusCode.OK)]
    [InlineData("anna;blue", HttpStatusCode.Forbidden)]
    [InlineData("anna", HttpStatusCode.Unauthorized)]
    public async Task Rules_go_by_the_claims_that_the_policy_has_found(string badge, HttpStatusCode status)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Configuration.AddJsonStream(new MemoryStream(
            """{ "Gateway": { "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Badge": {}, "Access": { "Claims": [ { "Type": "department", "Values": [ "red" ] } ] } } } } }"""u8.ToArray()));
        builder.Services.AddApiGateway(builder.Configuration.GetSection("Gateway")).AddPolicy<BadgePolicy, BadgeFilterFactory>("Badge");
        await using var app = builder.Build();
        app.MapGatewayRoutes();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Badge", badge } } };
        using var answer = await app.GetTestClient().SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
    }
}
