using GatewayKit.Configuration;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.JwtBearer;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.JwtBearerTests;

/// <summary>Which settings of tokens a host does not start with.</summary>
public sealed class JwtBearerChecksTests
{
    public static TheoryData<string, Action<JwtBearerOptions>> Faults() => new()
    {
        { "every algorithm", static options => options.TokenValidationParameters.ValidAlgorithms = null },
        { "shared secrets beside others", static options => options.TokenValidationParameters.ValidAlgorithms = ["RS256", "HS256"] },
        { "without a signature", static options => options.TokenValidationParameters.ValidAlgorithms = ["RS256", "none"] },
        { "without a signature", static options => options.TokenValidationParameters.RequireSignedTokens = false },
        { "in its own way", static options => options.TokenValidationParameters.SignatureValidator = static (_, _) => null! },
        { "every issuer", static options => options.TokenValidationParameters.ValidateIssuer = false },
        { "every issuer", static options => options.Authority = null },
        { "for others", static options => options.TokenValidationParameters.ValidateAudience = false },
        { "for others", static options => options.Audience = null },
        { "have expired", static options => options.TokenValidationParameters.ValidateLifetime = false },
        { "have expired", static options => options.TokenValidationParameters.RequireExpirationTime = false },
        { "00:05:00 after", static options => options.TokenValidationParameters.ClockSkew = TimeSpan.FromMinutes(5) },
        { "without TLS", static options => (options.Authority, options.RequireHttpsMetadata) = ("http://login.example.com", false) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Host_does_not_start(string words, Action<JwtBearerOptions> change)
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(options =>
        {
            Sound(options);
            change(options);
        }));
        var error = Assert.Single(exception.Errors);
        Assert.StartsWith("Scheme 'Bearer': It ", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_starts_with_a_sound_scheme()
    {
        await using var gateway = await StartAsync(Sound);
        using var response = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)response.StatusCode);
    }

    [Fact]
    public async Task All_that_the_framework_leaves_open_is_told_at_once()
    {
        var exception = await Assert.ThrowsAsync<GatewayConfigurationException>(() => StartAsync(static _ => { }));
        Assert.Equal(4, exception.Errors.Count);
    }

    // Another scheme of the host is the host's business.
    [Fact]
    public async Task Scheme_that_no_endpoint_of_the_gateway_uses_is_not_looked_at()
    {
        await using var gateway = await TestHost.StartAsync(
            static builder =>
            {
                builder.Services.AddAuthentication().AddJwtBearer(Sound).AddJwtBearer("Loose", static _ => { });
                builder.Services.AddApiGateway().AddJwtBearerChecks();
            },
            static app => app.MapGet("/", static () => "own").RequireIdentity("Bearer"));
        using var response = await gateway.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("Issuer", "login.example.com", "absolute https address")]
    [InlineData("Issuer", "http://login.example.com", "absolute https address")]
    [InlineData("MetadataAddress", "http://login.example.com/x", "absolute https address")]
    [InlineData("Audience", "", "Audiences is empty")]
    [InlineData("Algorithm", "HS256", "Algorithms has 'HS256'")]
    [InlineData("Algorithm", "none", "Algorithms has 'none'")]
    [InlineData("ClockSkew", "00:01:01", "ClockSkew is 00:01:01")]
    [InlineData("MaxTokenBytes", "100", "MaxTokenBytes")]
    [InlineData("KeyLifetime", "8.00:00:00", "KeyLifetime is 8.00:00:00")]
    public async Task Wrong_setting_of_the_strict_scheme_stops_the_start(string setting, string value, string words)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(
            builder => builder.Services.AddAuthentication().AddGatewayJwtBearer(options =>
            {
                options.Issuer = "https://login.example.com/";
                options.Audiences.Add(setting == "Audience" ? value : "orders");
                switch (setting)
                {
                    case "Issuer": options.Issuer = value; break;
                    case "MetadataAddress": options.MetadataAddress = value; break;
                    case "Algorithm": options.Algorithms.Add(value); break;
                    case "ClockSkew": options.ClockSkew = TimeSpan.Parse(value, System.Globalization.CultureInfo.InvariantCulture); break;
                    case "MaxTokenBytes": options.MaxTokenBytes = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture); break;
                    case "KeyLifetime": options.KeyLifetime = TimeSpan.Parse(value, System.Globalization.CultureInfo.InvariantCulture); break;
                }
            }),
            static app => app.MapGet("/", static () => "own")));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    private static void Sound(JwtBearerOptions options)
    {
        (options.Authority, options.Audience) = ("https://login.example.com", "orders");
        (options.TokenValidationParameters.ValidAlgorithms, options.TokenValidationParameters.ClockSkew) = (["RS256"], TimeSpan.FromSeconds(60));
    }

    private static Task<TestHost> StartAsync(Action<JwtBearerOptions> configure) => TestHost.StartAsync(
        builder =>
        {
            builder.Services.AddAuthentication().AddJwtBearer(configure);
            builder.Services.AddApiGateway().AddJwtBearerChecks();
        },
        static app => app.MapGet("/", static () => "own").RequireIdentity());
}
