using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.Schemes;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Schemes;

/// <summary>A host without the schemes that policies name does not start.</summary>
public sealed class SchemePresenceTests
{
    private const string None = "(none)";

    [Theory]
    [InlineData(None, "", "The host has no authentication. Call builder.Services.AddAuthentication() and add a scheme, such as AddJwtBearer().")]
    [InlineData("", "", "No scheme is named, and the host has no default one. Name it in Schemes, or in AddAuthentication(\"…\").")]
    [InlineData("Word", "Wrod", "Schemes: The host has no authentication scheme 'Wrod'. Did you mean 'Word'?")]
    [InlineData("Word,Other", "Bearer", "Schemes: The host has no authentication scheme 'Bearer'. Add it with AddAuthentication(), or name another: Word, Other.")]
    [InlineData("introspection", "introspection", "Schemes: 'introspection' is what the gateway's own way of finding out who calls puts in front of identities. Give the scheme another name in AddAuthentication().")]
    [InlineData("certificate", "certificate", "Schemes: 'certificate' is what the gateway's own way of finding out who calls puts in front of identities. Give the scheme another name in AddAuthentication().")]
    [InlineData("a/b", "a/b", "Schemes: 'a/b' has a slash, which stands between a scheme and its caller in identities: \"a/b\" of a caller \"c\" and \"a\" of \"b/c\" would be one. Give the scheme another name in AddAuthentication().")]
    public async Task Scheme_that_is_missing_or_of_the_gateways_own_name_stops_the_start(string present, string named, string error)
    {
        var policy = new IdentityPolicy { Schemes = named.Split(',', StringSplitOptions.RemoveEmptyEntries) };
        foreach (var wanted in new IGatewayPolicy[] { policy, new GatewayKit.Identity.AnyOf.AnyOfPolicy { Policies = [policy, policy with { RequireRegistered = true }] } })
        {
            var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.StartAsync(
                builder =>
                {
                    if (present != None)
                    {
                        builder.Services.AddWords(present.Split(',', StringSplitOptions.RemoveEmptyEntries));
                    }

                    builder.Services.AddApiGateway();
                },
                app => app.MapGet("/", static () => "own").WithGatewayPolicy(wanted)));
            Assert.All(exception.Errors, one => Assert.Equal(error, one.Message));
            Assert.EndsWith("Identity", exception.Errors[0].Path, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task In_configuration_the_error_says_the_place()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => TestHost.GatewayAsync(
            """{ "Routes": { "r": { "Match": { "Path": "/" }, "Respond": {}, "Identity": { "Schemes": [ "Bearer" ] } } } }""", static gateway => gateway.Services.AddWords("Word")));
        Assert.Contains(exception.Errors, static error => error.Path == "Gateway:Routes:r:Identity" && error.Message.Contains("'Bearer'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_is_off_needs_no_scheme()
    {
        await using var gateway = await TestHost.GatewayAsync(map: static app => app.MapGet("/", static () => "own").RequireIdentity(new IdentityPolicy { Mode = PolicyMode.Off }));
        Assert.Equal("own", await gateway.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }
}
