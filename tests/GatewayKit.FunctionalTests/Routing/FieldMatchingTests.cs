using System.Net;
using GatewayKit.Routing;
using static GatewayKit.FunctionalTests.Routing.RoutedHost;

namespace GatewayKit.FunctionalTests.Routing;

public sealed class FieldMatchingTests
{
    public static TheoryData<FieldMatchMode, bool, string?, bool> Headers => new()
    {
        { FieldMatchMode.Exact, false, "one", true },
        { FieldMatchMode.Exact, false, "ONE", true },
        { FieldMatchMode.Exact, true, "ONE", false },
        { FieldMatchMode.Exact, true, "one", true },
        { FieldMatchMode.Exact, false, " x , \"one\" ", true },
        { FieldMatchMode.Exact, false, "\"x,one\"", false },
        { FieldMatchMode.Exact, false, "x one", false },
        { FieldMatchMode.Exact, false, null, false },
        { FieldMatchMode.NotExact, false, "x, one", false },
        { FieldMatchMode.NotExact, false, "x", true },
        { FieldMatchMode.NotExact, false, null, true },
        { FieldMatchMode.Prefix, false, "x, Onerous", true },
        { FieldMatchMode.Prefix, true, "Onerous", false },
        { FieldMatchMode.Prefix, false, "no one", false },
        { FieldMatchMode.NotPrefix, false, "no one", true },
        { FieldMatchMode.NotPrefix, false, "one", false },
        { FieldMatchMode.NotPrefix, false, null, true },
        { FieldMatchMode.Contains, false, "no ONE here", true },
        { FieldMatchMode.Contains, true, "no ONE here", false },
        { FieldMatchMode.Contains, false, null, false },
        { FieldMatchMode.NotContains, false, "no one", false },
        { FieldMatchMode.NotContains, false, null, true },
        { FieldMatchMode.Exists, false, "", true },
        { FieldMatchMode.Exists, false, null, false },
        { FieldMatchMode.NotExists, false, "", false },
        { FieldMatchMode.NotExists, false, null, true },
        { FieldMatchMode.Regex, false, "xONE1", true },
        { FieldMatchMode.Regex, true, "xONE1", false },
        { FieldMatchMode.Regex, false, null, false },
        { FieldMatchMode.NotRegex, false, "one", false },
        { FieldMatchMode.NotRegex, false, null, true },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Header_is_compared_as_documented(FieldMatchMode mode, bool caseSensitive, string? value, bool expected)
    {
        await using var gateway = await StartAsync(Route("matched", new() { Headers = [Field("X-Test", mode, caseSensitive)] }));
        string[] headers = value is null ? [] : [$"x-test: {value}"];
        Assert.Equal(expected ? "matched" : "404", await gateway.AskAsync("/", headers: headers));
    }

    [Theory]
    [InlineData("/?beta=yes", "beta: yes", "both")]
    [InlineData("/", "beta: yes", "404")]
    [InlineData("/?beta=yes", "x: y", "404")]
    public async Task One_condition_object_in_headers_and_query_is_two_conditions(string target, string header, string expected)
    {
        var beta = new FieldMatch { Name = "beta", Values = ["yes"] };
        await using var gateway = await StartAsync(Route("both", new() { Headers = [beta], Query = [beta] }));
        Assert.Equal(expected, await gateway.AskAsync(target, headers: header));
    }

    public static TheoryData<FieldMatchMode, bool, string, bool> Queries => new()
    {
        { FieldMatchMode.Exact, false, "?T=one", true },
        { FieldMatchMode.Exact, false, "?t=x&t=ONE", true },
        { FieldMatchMode.Exact, false, "?t=%6fne", true },
        { FieldMatchMode.Exact, false, "?t=a,one", false },
        { FieldMatchMode.Exact, true, "?t=One", false },
        { FieldMatchMode.Exact, false, "", false },
        { FieldMatchMode.NotExact, false, "?t=one", false },
        { FieldMatchMode.NotExact, false, "", true },
        { FieldMatchMode.Prefix, false, "?t=One+more", true },
        { FieldMatchMode.NotPrefix, false, "?t=One+more", false },
        { FieldMatchMode.Contains, false, "?t=no%20one", true },
        { FieldMatchMode.NotContains, false, "?t=no%20one", false },
        { FieldMatchMode.Exists, false, "?t", true },
        { FieldMatchMode.Exists, false, "?u", false },
        { FieldMatchMode.NotExists, false, "?t=", false },
        { FieldMatchMode.NotExists, false, "", true },
        { FieldMatchMode.Regex, false, "?t=xone", true },
        { FieldMatchMode.NotRegex, false, "?t=xone", false },
        { FieldMatchMode.NotRegex, false, "", true },
    };

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Query_parameter_is_compared_as_documented(FieldMatchMode mode, bool caseSensitive, string query, bool expected)
    {
        await using var gateway = await StartAsync(Route("matched", new() { Query = [Field("t", mode, caseSensitive)] }));
        Assert.Equal(expected ? "matched" : "404", await gateway.AskAsync("/" + query));
    }

    [Fact]
    public async Task Cookie_is_split_at_semicolons()
    {
        await using var gateway = await StartAsync(
            Route("canary", new() { Headers = [new() { Name = "Cookie", Values = ["canary=yes"] }] }),
            Route("stable", new()));
        Assert.Equal("canary", await gateway.AskAsync("/", headers: "Cookie: a=1,2; canary=yes"));
        Assert.Equal("stable", await gateway.AskAsync("/", headers: "Cookie: a=1, canary=yes"));
    }

    [Fact]
    public async Task Several_values_reach_the_route_of_one_of_them_that_holds_entirely()
    {
        await using var gateway = await StartAsync(
            Route("a", new() { Headers = [Exact("X-Tenant", "a"), Field("X-Beta", FieldMatchMode.Exists, false)] }),
            Route("b", new() { Headers = [Exact("X-Tenant", "b")] }),
            Route("c", new() { Headers = [Exact("X-Tenant", "c")] }),
            Route("d", new() { Query = [Exact("d", "1")] }),
            Route("none", new()));
        Assert.Equal("b", await gateway.AskAsync("/", headers: "X-Tenant: a, b"));
        Assert.Equal("a", await gateway.AskAsync("/", headers: ["X-Tenant: a, b", "X-Beta: 1"]));
        Assert.Equal("b", await gateway.AskAsync("/", headers: ["X-Tenant: c", "X-Tenant: b"]));
        Assert.Equal("c", await gateway.AskAsync("/?d=1", headers: "X-Tenant: c"));
        Assert.Equal("d", await gateway.AskAsync("/?d=1", headers: "X-Tenant: x"));
        Assert.Equal("none", await gateway.AskAsync("/", headers: "X-Tenant: x"));
    }

    [Fact]
    public async Task More_header_conditions_win_then_more_query_conditions_then_addresses_then_the_id()
    {
        await using var gateway = await StartAsync(
            Route("a plain", new() { Path = "/x" }),
            Route("address", new() { Path = "/x", ClientAddresses = [IPNetwork.Parse("127.0.0.0/8")] }),
            Route("b query", new() { Path = "/x", Query = [Exact("q", "1")] }),
            Route("header", new() { Path = "/x", Headers = [Exact("h", "1")] }),
            Route("header 2", new() { Path = "/x", Headers = [Exact("h", "1"), Exact("i", "1")] }),
            Route("header 3", new() { Path = "/x", Headers = [Exact("h", "1"), Exact("j", "1")] }));
        Assert.Equal("address", await gateway.AskAsync("/x"));
        Assert.Equal("b query", await gateway.AskAsync("/x?q=1"));
        Assert.Equal("header", await gateway.AskAsync("/x?q=1", headers: "h: 1"));
        Assert.Equal("header 2", await gateway.AskAsync("/x", headers: ["h: 1", "i: 1", "j: 1"]));
        Assert.Equal("header 3", await gateway.AskAsync("/x", headers: ["h: 1", "j: 1"]));
    }

    private static FieldMatch Exact(string name, string value) => new() { Name = name, Values = [value] };

    private static FieldMatch Field(string name, FieldMatchMode mode, bool caseSensitive) => new()
    {
        Name = name,
        Mode = mode,
        CaseSensitive = caseSensitive,
        Values = mode is FieldMatchMode.Exists or FieldMatchMode.NotExists ? [] : [mode is FieldMatchMode.Regex or FieldMatchMode.NotRegex ? "o[n]e" : "one"],
    };
}
