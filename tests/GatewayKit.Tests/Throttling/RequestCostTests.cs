using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Throttling;

public sealed class RequestCostTests
{
    private const int Capacity = 1_000;

    [Theory]
    [InlineData("1")]
    [InlineData("0")]
    [InlineData("2147483647")]
    [InlineData("ContentLength")]
    [InlineData("Header:X-Cost")]
    public void Cost_reads_what_it_prints(string text) => Assert.Equal(text, RequestCost.Parse(text).ToString());

    [Fact]
    public void Equal_costs_are_equal_whatever_their_case()
    {
        Assert.Equal(RequestCost.Header("X-Cost"), RequestCost.Parse("header:x-cost"));
        Assert.Equal(RequestCost.Header("X-Cost").GetHashCode(), RequestCost.Header("x-cost").GetHashCode());
        Assert.Same(RequestCost.ContentLength, RequestCost.Parse("contentlength"));
        Assert.Same(RequestCost.One, RequestCost.Of(1));
        Assert.True(RequestCost.Of(5) == RequestCost.Parse("05") && RequestCost.Of(5) != RequestCost.Of(6));
        Func<HttpContext, long> read = static _ => 1;
        Assert.Equal(RequestCost.From(read), RequestCost.From(read));
        Assert.NotEqual(RequestCost.From(read), RequestCost.From(static _ => 2));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("2147483648")]
    [InlineData("Header:")]
    [InlineData("Header:X Cost")]
    [InlineData("(code)")]
    public void Text_that_is_no_cost_is_answered_with_those_there_are(string text)
    {
        var error = Assert.Throws<FormatException>(() => RequestCost.Parse(text));
        Assert.Contains("a whole number, ContentLength or Header:<name>", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Less_than_nothing_and_a_header_that_cannot_exist_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => RequestCost.Of(-1));
        Assert.Throws<ArgumentException>(static () => RequestCost.Header("X Cost"));
    }

    // Free is only what says so, and nobody gets cheaper by adding a value.
    [Theory]
    [InlineData(1L)]
    [InlineData(5L, "5")]
    [InlineData(0L, "0")]
    [InlineData(1L, "")]
    [InlineData(1L, "five")]
    [InlineData(1L, "-5")]
    [InlineData(1L, "5.0")]
    [InlineData(6L, "5, 6")]
    [InlineData(500L, "0, 500")]
    [InlineData(500L, "0,\t500 ,3", "4")]
    [InlineData(1L, "0, free")]
    [InlineData(1L, "0,")]
    [InlineData(9L, "5", "9", "0")]
    [InlineData(1L, "0", "free")]
    [InlineData(long.MaxValue, "9223372036854775807")]
    [InlineData(long.MaxValue, "99999999999999999999999999")]
    public void Header_says_what_a_request_costs(long units, params string[] values)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["X-Cost"] = new StringValues(values);
        Assert.Equal(units, RequestCost.Header("x-cost").UnitsOf(context, Capacity));
    }

    [Theory]
    [InlineData(null, false, 1)]
    [InlineData(0L, false, 1)]
    [InlineData(512L, true, 512)]
    [InlineData(5_000_000_000L, true, 5_000_000_000)]
    [InlineData(null, true, Capacity)]
    public void Content_costs_its_length_and_all_there_is_if_nobody_tells_it(long? length, bool hasBody, long units)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentLength = length;
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new Body(hasBody));
        Assert.Equal(units, RequestCost.ContentLength.UnitsOf(context, Capacity));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(-1, 1)]
    public void Function_says_what_a_request_costs_but_never_that_it_brings_something(long said, long units) =>
        Assert.Equal(units, RequestCost.From(_ => said).UnitsOf(new DefaultHttpContext(), Capacity));

    private sealed record Body(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;
}
