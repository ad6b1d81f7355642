using GatewayKit.Throttling;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.Tests.Throttling;

public sealed class ReportedCostsTests
{
    [Theory]
    [InlineData(60L, "60")]
    [InlineData(60L, "5", "60", "0")]
    [InlineData(60L, "5, 60")]
    [InlineData(60L, "many", "60")]
    [InlineData(0L, "0")]
    [InlineData(long.MaxValue, "99999999999999999999")]
    [InlineData(null)]
    [InlineData(null, "")]
    [InlineData(null, "-1")]
    [InlineData(null, "many")]
    public void Field_of_the_answer_says_what_the_request_has_cost(long? units, params string[] values)
    {
        var context = new DefaultHttpContext();
        context.Response.Headers["X-Rows"] = new StringValues(values);
        Assert.Equal(units, ReportedCosts.Find(context, name: null, "x-rows"));
    }

    [Fact]
    public void What_is_reported_in_code_counts_more_and_only_under_its_name()
    {
        var context = new DefaultHttpContext();
        context.Response.Headers["X-Rows"] = "60";
        ReportedCosts.Of(context).Report("rows", 5);
        Assert.Equal(5, ReportedCosts.Find(context, "Rows", "X-Rows"));
        Assert.Equal(60, ReportedCosts.Find(context, "tokens", "X-Rows"));
    }
}
