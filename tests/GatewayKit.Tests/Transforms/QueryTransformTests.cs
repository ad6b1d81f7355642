using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Transforms;

public sealed class QueryTransformTests
{
    [Theory]
    [InlineData("", "?a=1")]
    [InlineData("?", "?a=1")]
    [InlineData("?a=0", "?a=1")]
    [InlineData("?x&a=0&y=%41&a=2", "?x&a=1&y=%41")]
    [InlineData("?A=0", "?a=1")]
    [InlineData("?%61=0&b", "?a=1&b")]
    [InlineData("?a", "?a=1")]
    [InlineData("?ab=0", "?ab=0&a=1")]
    [InlineData("?b=a=0", "?b=a=0&a=1")]
    public void Set_takes_the_place_of_all_of_the_name(string query, string expected) =>
        Assert.Equal(expected, new Exchange("/", query).Apply(steps => steps.QueryValueParameter("a", set: "1")).Request.Query);

    [Theory]
    [InlineData("", "?a=1")]
    [InlineData("?a=0&b", "?a=0&b&a=1")]
    public void Append_adds_behind(string query, string expected) =>
        Assert.Equal(expected, new Exchange("/", query).Apply(steps => steps.QueryValueParameter("a", append: "1")).Request.Query);

    [Theory]
    [InlineData("?a=0", "")]
    [InlineData("?b=%zz&a=0&b=", "?b=%zz&b=")]
    [InlineData("?A&a&b", "?b")]
    [InlineData("?b", "?b")]
    [InlineData("", "")]
    public void Remove_takes_all_of_the_name_whatever_its_case(string query, string expected) =>
        Assert.Equal(expected, new Exchange("/", query).Apply(steps => steps.QueryRemoveParameter("a")).Request.Query);

    [Fact]
    public void Name_and_value_are_encoded() => Assert.Equal(
        "?a%20b=x%26y%3D%C3%BC%23",
        new Exchange().Apply(steps => steps.QueryValueParameter("a b", set: "x&y=ü#")).Request.Query);

    [Theory]
    [InlineData("x&admin=1", "?id=x%26admin%3D1")]
    [InlineData("a%2Fb", "?id=a%2Fb")]
    [InlineData("100%", "?id=100%25")]
    [InlineData("x\r\ny", "?id=x%0D%0Ay")]
    public void Route_value_stays_one_value(string value, string expected) =>
        Assert.Equal(expected, new Exchange().With(("id", value)).Apply(steps => steps.QueryRouteParameter("id", set: "id")).Request.Query);

    [Fact]
    public void Absent_route_value_changes_nothing() =>
        Assert.Equal("?id=0", new Exchange("/", "?id=0").Apply(steps => steps.QueryRouteParameter("id", append: "id")).Request.Query);

    [Fact]
    public void Query_that_nobody_names_is_the_same_string()
    {
        const string Query = "?a=%7e&&b=+";
        Assert.Same(Query, new Exchange("/", Query).Apply(steps => steps.QueryRemoveParameter("z").PathSet("/x")).Request.Query);
    }

    [Fact]
    public void Query_with_a_line_break_is_refused() =>
        Assert.Throws<ForwardTransformException>(() => new Exchange().Request.Query = "?a\r\nX: y");
}
