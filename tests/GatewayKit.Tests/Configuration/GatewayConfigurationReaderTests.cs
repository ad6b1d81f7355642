using GatewayKit.Configuration;
using GatewayKit.Identity.Consumers;
using GatewayKit.Pipeline;
using GatewayKit.Throttling;
using GatewayKit.Throttling.Concurrency;

namespace GatewayKit.Tests.Configuration;

public sealed class GatewayConfigurationReaderTests : IDisposable
{
    private const string Hash = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Consumer_is_read_as_it_was_written()
    {
        var consumer = new Consumer
        {
            Id = "acme",
            DisplayName = "Acme: \"a\" & Söhne",
            State = ConsumerState.Suspended,
            Scopes = ["a", "b"],
            Metadata = new Dictionary<string, string> { ["billing"] = "4711" },
            Applications =
            [
                new()
                {
                    Id = "shop",
                    Keys = [new() { Id = "Abcd1234", Hash = Hash, ExpiresAt = new(2027, 1, 2, 3, 4, 5, TimeSpan.Zero), Policies = [new ThrottlePolicy { RequestsPerSecond = 5 }] }],
                    Subscriptions = [new() { Id = "orders", Plan = "gold", State = SubscriptionState.Submitted }],
                },
            ],
        };

        Assert.Equal(consumer, _fixture.Reader.ReadConsumer("acme", _fixture.Writer.Write(consumer)));
    }

    [Fact]
    public void Consumer_with_nothing_to_say_is_an_empty_object()
    {
        Assert.Equal("{}", _fixture.Writer.Write(new Consumer { Id = "acme" }));
        Assert.Equal(new() { Id = "acme" }, _fixture.Reader.ReadConsumer("acme", "{}"));
    }

    [Fact]
    public void Limits_are_read_as_they_were_written()
    {
        IReadOnlyList<IPlanLimit> limits = [new ConcurrencyPolicy { MaxInFlight = 3 }, new ThrottlePolicy { RequestsPerSecond = 5 }, new ThrottlePolicy { Limit = 60, Window = TimeSpan.FromMinutes(1) }];

        Assert.Equal(limits, _fixture.Reader.ReadLimits(_fixture.Writer.Write(limits)));
        Assert.Empty(_fixture.Reader.ReadLimits("{}"));
    }

    [Fact]
    public void All_errors_are_found_at_once_with_their_paths()
    {
        var error = Assert.Throws<GatewayConfigurationException>(() => _fixture.Reader.ReadConsumer(
            "acme", """{ "DisplayNam": "x", "State": "Gone", "Applications": { "shop": { "Keys": { "Abcd1234": {} }, "Subscriptions": { "orders": { "Plan": "gold", "Trottle": {} } } } } }"""));

        Assert.Equal(
            ["Applications:shop:Keys:Abcd1234:Hash", "Applications:shop:Subscriptions:orders:Trottle", "DisplayNam", "State"],
            error.Errors.Select(static one => one.Path).Order(StringComparer.Ordinal));
        Assert.Contains("Did you mean 'Throttle'?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("[]")]
    [InlineData("\"secret\"")]
    [InlineData("""{ "DisplayName": "secret" """)]
    [InlineData("""{ "DisplayName": "secret", "DisplayName": "b" }""")]
    public void Text_that_is_no_object_is_an_error_that_does_not_repeat_it(string json)
    {
        var error = Assert.Throws<GatewayConfigurationException>(() => _fixture.Reader.ReadConsumer("acme", json));
        Assert.Equal(string.Empty, Assert.Single(error.Errors).Path);
        Assert.DoesNotContain("secret", $"{error}", StringComparison.Ordinal);
    }

    [Fact]
    public void Policy_that_is_no_limit_is_none_of_limits()
    {
        var error = Assert.Throws<GatewayConfigurationException>(() => _fixture.Reader.ReadLimits("""{ "Sample": { "Window": "00:00:01" } }"""));
        Assert.Equal("Sample", Assert.Single(error.Errors).Path);
    }
}
