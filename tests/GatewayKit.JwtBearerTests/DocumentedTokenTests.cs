using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.JwtBearerTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.JwtBearerTests;

/// <summary>The code that docs/tokens.md shows.</summary>
public sealed class DocumentedTokenTests(TokenFixture fixture) : IClassFixture<TokenFixture>
{
    [Fact]
    public async Task Example_asks_for_tokens_of_the_issuer()
    {
        await using var gateway = await TestHost.StartAsync(builder => AddTokens(builder, fixture.Issuer.Name), static app => app.MapGet("/report", static () => "report").RequireIdentity("Bearer"));
        foreach (var (token, status) in new[] { (fixture.Issuer.Token(), 200), (fixture.Issuer.Token(header: static header => header["typ"] = "JWT"), 401) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/report") { Headers = { Authorization = new("Bearer", token) } };
            using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    private static void AddTokens(WebApplicationBuilder builder, string issuer)
    {
        builder.Services.AddAuthentication().AddGatewayJwtBearer(options =>
        {
            options.Issuer = issuer;
            options.Audiences.Add("orders");
            options.TokenTypes.Add("at+jwt");
        });
        builder.Services.AddApiGateway().AddJwtBearerChecks();
    }
}
