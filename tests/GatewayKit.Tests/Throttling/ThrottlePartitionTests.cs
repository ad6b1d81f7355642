using GatewayKit.Throttling;

namespace GatewayKit.Tests.Throttling;

public sealed class ThrottlePartitionTests
{
    [Theory]
    [InlineData("ClientAddress")]
    [InlineData("Route")]
    [InlineData("Constant")]
    [InlineData("Header:X-Tenant")]
    public void Partition_reads_what_it_prints(string text) => Assert.Equal(text, ThrottlePartition.Parse(text).ToString());

    [Fact]
    public void Case_does_not_count()
    {
        Assert.Same(ThrottlePartition.ClientAddress, ThrottlePartition.Parse("clientaddress"));
        Assert.Equal(ThrottlePartition.Header("x-tenant"), ThrottlePartition.Parse("HEADER:X-Tenant"));
        Assert.Equal(ThrottlePartition.Header("x-tenant").GetHashCode(), ThrottlePartition.Header("X-TENANT").GetHashCode());
        Assert.True(ThrottlePartition.Header("a") == ThrottlePartition.Header("A") && ThrottlePartition.Header("a") != ThrottlePartition.Header("b"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Consumer")]
    [InlineData("Header")]
    [InlineData("Header:")]
    [InlineData("Header:X Tenant")]
    [InlineData("Header:X-Tenant\r\n")]
    [InlineData(" Route")]
    public void Text_that_names_no_partition_is_answered_with_those_there_are(string text)
    {
        Assert.False(ThrottlePartition.TryParse(text, null, out _));
        var error = Assert.Throws<FormatException>(() => ThrottlePartition.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.All(["ClientAddress", "Route", "Constant", "Header:<name>"], known => Assert.Contains(known, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Header_that_cannot_exist_is_refused() => Assert.Throws<ArgumentException>(() => ThrottlePartition.Header("X Tenant"));
}
