using GatewayKit.Secrets;

namespace GatewayKit.Tests.Secrets;

public sealed class SecretReferenceTests
{
    [Theory]
    [InlineData("env:ORDERS_KEY", SecretPlace.Environment, "ORDERS_KEY")]
    [InlineData("file:/run/secrets/key", SecretPlace.File, "/run/secrets/key")]
    [InlineData("file:C:\\secrets\\key", SecretPlace.File, "C:\\secrets\\key")]
    [InlineData("config:Secrets:Orders", SecretPlace.Configuration, "Secrets:Orders")]
    public void Reference_says_where_the_secret_is(string text, SecretPlace place, string name)
    {
        var reference = SecretReference.Parse(text);
        Assert.Equal((place, name, text), (reference.Place, reference.Name, reference.ToString()));
        Assert.Equal(reference, SecretReference.Parse(text));
    }

    [Theory]
    [InlineData("hunter2")]
    [InlineData("")]
    [InlineData("env:")]
    [InlineData("env:hunter2!")]
    [InlineData("env:1A")]
    [InlineData("ENV:A")]
    [InlineData("file:")]
    [InlineData("file: /a")]
    [InlineData("config:")]
    [InlineData("config:A::B")]
    [InlineData("vault:hunter2")]
    [InlineData("https://user:hunter2@host/")]
    public void What_is_no_reference_is_refused_and_not_repeated(string text)
    {
        Assert.False(SecretReference.TryParse(text, null, out _));
        var exception = Assert.Throws<FormatException>(() => SecretReference.Parse(text));
        Assert.DoesNotContain("hunter2", exception.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"file:PATH\"", exception.Message, StringComparison.Ordinal);
    }
}
