using GatewayKit.Identity.Introspection;
using GatewayKit.Pipeline;
using GatewayKit.Secrets;

namespace GatewayKit.Tests.Identity.Introspection;

public sealed class IntrospectionPolicyTests
{
    private static readonly IntrospectionPolicy Sound = new()
    {
        Name = "partners",
        Endpoint = new("https://login.example.com/introspect"),
        ClientId = "gateway",
        ClientSecret = SecretReference.Parse("env:SECRET"),
        Audiences = ["orders"],
    };

    public static TheoryData<IntrospectionPolicy, string> Unsound() => new()
    {
        { Sound with { Name = "" }, "Name is ''" },
        { Sound with { Name = "a/b" }, "Name is 'a/b'" },
        { Sound with { Name = new string('a', 65) }, "Name is" },
        { Sound with { Endpoint = new("/introspect", UriKind.Relative) }, "Endpoint must be an absolute address" },
        { Sound with { Endpoint = new("ftp://login.example.com/") }, "Endpoint must be an absolute address" },
        { Sound with { Endpoint = new("https://login.example.com/#a") }, "Endpoint must be an absolute address" },
        { Sound with { Endpoint = new("https://user:secret@login.example.com/") }, "Endpoint must be an absolute address" },
        { Sound with { Endpoint = new("http://login.example.com/") }, "Endpoint is http" },
        { Sound with { Endpoint = new("http://localhost.example.com/") }, "Endpoint is http" },
        { Sound with { ClientId = "" }, "ClientId is empty" },
        { Sound with { Audiences = [] }, "Audiences is empty" },
        { Sound with { Audiences = ["orders", ""] }, "Audiences has an empty item" },
        { Sound with { AllowAnyAudience = true }, "AllowAnyAudience is true beside Audiences" },
        { Sound with { Issuer = "" }, "Issuer is empty" },
        { Sound with { Scopes = ["a b"] }, "Scopes has 'a b'" },
        { Sound with { Scopes = [" "] }, "Scopes has an empty item" },
        { Sound with { ConsumerClaims = [""] }, "ConsumerClaims has an empty item" },
        { Sound with { CacheFor = TimeSpan.FromSeconds(61) }, "CacheFor is 00:01:01" },
        { Sound with { CacheFor = TimeSpan.FromSeconds(-1) }, "CacheFor is -00:00:01" },
        { Sound with { ClockSkew = TimeSpan.FromSeconds(61) }, "ClockSkew is" },
        { Sound with { Timeout = TimeSpan.Zero }, "Timeout is" },
        { Sound with { Timeout = TimeSpan.FromMinutes(2) }, "Timeout is" },
        { Sound with { MaxTokens = 99 }, "MaxTokens" },
        { Sound with { EnforcePercent = 0 }, "EnforcePercent" },
    };

    [Theory]
    [MemberData(nameof(Unsound))]
    public void Setting_that_is_not_sound_is_refused(IntrospectionPolicy policy, string message)
    {
        var fault = FaultOf(policy);
        Assert.Contains(message, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret@", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://login.example.com/introspect?tenant=a")]
    [InlineData("http://localhost:5000/introspect")]
    [InlineData("http://127.0.0.1/introspect")]
    [InlineData("http://[::1]/introspect")]
    public void Address_that_is_sound_is_taken(string address) => Assert.Empty(FaultOf(Sound with { Endpoint = new(address) }));

    [Fact]
    public void What_accepts_a_risk_is_taken()
    {
        Assert.Empty(FaultOf(Sound with { Endpoint = new("http://login.example.com/"), AllowHttp = true }));
        Assert.Empty(FaultOf(Sound with { Audiences = [], AllowAnyAudience = true, CacheFor = TimeSpan.Zero }));
    }

    [Fact]
    public void Endpoints_that_differ_in_what_callers_may_ask_once()
    {
        Assert.Equal(Sound.ToTerms(), (Sound with { Scopes = ["read"], RequireRegistered = true, ForwardToken = true, Mode = PolicyMode.Shadow, EnforcePercent = 10 }).ToTerms());
        Assert.NotEqual(Sound.ToTerms(), (Sound with { Audiences = ["stock"] }).ToTerms());
        Assert.NotEqual(Sound.ToTerms(), (Sound with { ClientSecret = SecretReference.Parse("env:OTHER") }).ToTerms());
    }

    private static string FaultOf(IntrospectionPolicy policy) => new IntrospectionPolicyValidator().Validate(null, policy).FailureMessage ?? string.Empty;
}
