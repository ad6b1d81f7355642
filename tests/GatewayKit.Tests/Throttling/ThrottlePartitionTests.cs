using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Tests.Throttling;

public sealed class ThrottlePartitionTests
{
    [Theory]
    [InlineData("ClientAddress")]
    [InlineData("Route")]
    [InlineData("Constant")]
    [InlineData("Header:X-Tenant")]
    [InlineData("Claim:sub")]
    [InlineData("Claim:http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier")]
    [InlineData("Header:X-Tenant+Route")]
    [InlineData("ClientAddress+Constant")]
    [InlineData("Header:A+Claim:b+ClientAddress+Header:C+Constant")]
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
    [InlineData("Header")]
    [InlineData("Header:")]
    [InlineData("Header:X Tenant")]
    [InlineData("Header:X-Tenant\r\n")]
    [InlineData(" Route")]
    [InlineData("Claim:")]
    [InlineData("Claim:a b")]
    [InlineData("Header:A+")]
    [InlineData("+Route")]
    [InlineData("Header:A++Route")]
    [InlineData("Route+Constant")]
    [InlineData("Header:A+Header:B+Header:C+Header:D+Header:E")]
    [InlineData("Code:a")]
    public void Text_that_names_no_partition_is_answered_with_those_there_are(string text)
    {
        Assert.False(ThrottlePartition.TryParse(text, null, out _));
        var error = Assert.Throws<FormatException>(() => ThrottlePartition.Parse(text));
        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.All(["ClientAddress", "Route", "Constant", "Header:<name>", "Claim:<type>"], known => Assert.Contains(known, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Header_that_cannot_exist_is_refused() => Assert.Throws<ArgumentException>(() => ThrottlePartition.Header("X Tenant"));

    [Fact]
    public void Parts_say_the_same_in_any_order_and_however_often()
    {
        var (tenant, address) = (ThrottlePartition.Header("X-Tenant"), ThrottlePartition.ClientAddress);
        Assert.Equal(tenant.And(address), address.And(tenant));
        Assert.Equal(tenant.And(address).GetHashCode(), address.And(ThrottlePartition.Header("x-tenant")).GetHashCode());
        Assert.Equal(tenant.And(address), ThrottlePartition.Parse("clientaddress+header:x-tenant+ClientAddress"));
        Assert.Equal(tenant, tenant.And(ThrottlePartition.Route)); // Each route has allowances of its own.
        Assert.Distinct([tenant, address, tenant.And(address), tenant.And(ThrottlePartition.Constant), ThrottlePartition.Constant, ThrottlePartition.Claim("x-tenant")]);
    }

    [Fact]
    public void Function_is_part_of_what_it_is()
    {
        Func<HttpContext, string?> read = static context => context.Request.Path;
        Assert.Equal(ThrottlePartition.From("path", read), ThrottlePartition.From("Path", read));
        Assert.NotEqual(ThrottlePartition.From("path", read), ThrottlePartition.From("path", static context => context.Request.Host.Value));
        Assert.NotEqual(ThrottlePartition.From("path", read), ThrottlePartition.From("other", read));
        Assert.Equal("Code:path+Header:A", ThrottlePartition.From("path", read).And(ThrottlePartition.Header("A")).ToString());
    }

    [Fact]
    public void What_does_not_go_together_is_refused()
    {
        Assert.Throws<ArgumentException>(static () => ThrottlePartition.Route.And(ThrottlePartition.Constant));
        Assert.Throws<ArgumentException>(static () => ThrottlePartition.Parse("Header:A+Header:B+Header:C").And(ThrottlePartition.Parse("Header:D+Header:E")));
        Assert.Throws<ArgumentException>(static () => ThrottlePartition.Header("A+B"));
        Assert.Throws<ArgumentException>(static () => ThrottlePartition.Claim("a+b"));
        Assert.Throws<ArgumentException>(static () => ThrottlePartition.From("a b", static _ => null));
    }

    [Theory]
    [InlineData("ClientAddress", "address")]
    [InlineData("ClientAddress+Constant", "address")]
    [InlineData("Header:X-Tenant+ClientAddress", "address+x-tenant")]
    [InlineData("Claim:http://schemas.xmlsoap.org/ws/2005/05/identity/claims/NameIdentifier", "nameidentifier")]
    [InlineData("Header:A123456789-123456789-123456789-123456789-123456789-123456789-123456789", "a123456789-123456789-123456789-123456789-123456789-123456789-123")]
    public void Name_for_clients_says_what_it_is_for(string text, string name) => Assert.Equal(name, ThrottlePartition.Parse(text).DefaultName);

    // What is persisted under these names must be found again.
    [Theory]
    [InlineData("Header:X-Tenant", "HEADER:X-TENANT")]
    [InlineData("clientaddress", "CLIENTADDRESS")]
    [InlineData("Route", "ROUTE")]
    [InlineData("Constant+Header:b+Header:A", "HEADER:A+HEADER:B+CONSTANT")]
    public void Identity_does_not_depend_on_how_it_was_written(string text, string identity) => Assert.Equal(identity, ThrottlePartition.Parse(text).Identity);
}
