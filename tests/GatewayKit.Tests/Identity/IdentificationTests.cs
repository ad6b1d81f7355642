using GatewayKit.Identity;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Identity;

public sealed class IdentificationTests
{
    // Each application has what it was granted: a key of one and a token of another are two callers, although of one consumer.
    [Theory]
    [InlineData("acme", "web", "acme", "web", true)]
    [InlineData("acme", null, "acme", "web", true)]
    [InlineData("acme", "web", "acme", null, true)]
    [InlineData("acme", "web", "acme", "shop", false)]
    [InlineData("acme", "web", "acme", "WEB", false)]
    [InlineData("acme", null, "globex", null, false)]
    [InlineData("acme", "web", "globex", "web", false)]
    public void Two_credentials_are_of_one_caller_or_neither_counts(string one, string? oneApplication, string other, string? otherApplication, bool areOne)
    {
        var outcome = Identification.Combine(
            AuthenticationOutcome.Accept(new(one) { ApplicationId = oneApplication }), AuthenticationOutcome.Accept(new(other) { ApplicationId = otherApplication }));
        Assert.Equal((areOne ? one : null, areOne ? null : "consumers-differ"), (outcome.Consumer?.Id, outcome.Problem?.Cause));
    }
}
