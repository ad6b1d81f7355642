using System.Text;
using GatewayKit.Identity.Introspection;

namespace GatewayKit.Tests.Identity.Introspection;

/// <summary>Answers of RFC 7662 §2.2, and what is none.</summary>
public sealed class IntrospectionAnswerTests
{
    [Fact]
    public void Active_token_says_whose_it_is()
    {
        var answer = Read("""
            { "active": true, "scope": "read write", "client_id": "acme", "sub": "anna", "aud": [ "orders", "stock" ], "iss": "https://login.example.com/", "exp": 2000000000, "nbf": 1000000000.5, "roles": [ "a", "b" ],
              "token_type": "bearer", "level": 3, "vip": true, "address": { "city": "x" }, "nothing": null, "nested": [ [ "no" ], "yes" ] }
            """)!;
        Assert.Null(answer.Fault);
        Assert.Equal(["orders", "stock"], answer.Audiences);
        Assert.Equal("https://login.example.com/", answer.Issuer);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(2_000_000_000), answer.ExpiresAt);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_000_000_000_500), answer.NotBefore);
        Assert.True(answer.Principal!.Identity!.IsAuthenticated);
        Assert.Equal("anna", answer.Principal.Identity.Name);
        Assert.True(answer.Principal.IsInRole("b"));
        Assert.Equal(
            [
                ("scope", "read write"), ("client_id", "acme"), ("sub", "anna"), ("aud", "orders"), ("aud", "stock"), ("iss", "https://login.example.com/"), ("exp", "2000000000"), ("nbf", "1000000000.5"),
                ("roles", "a"), ("roles", "b"), ("token_type", "bearer"), ("level", "3"), ("vip", "true"), ("address", """{ "city": "x" }"""), ("nested", "yes"),
            ],
            answer.Principal.Claims.Select(static claim => (claim.Type, claim.Value)));
        Assert.All(answer.Principal.Claims, static claim => Assert.Equal("partners", claim.Issuer));
    }

    [Theory]
    [InlineData("""{ "active": false }""")]
    [InlineData("""{ "active": false, "sub": "anna", "exp": "x" }""")]
    public void Inactive_token_says_nothing(string json) => Assert.Null(Read(json)!.Principal);

    [Theory]
    [InlineData("")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("active=true")]
    [InlineData("<html></html>")]
    [InlineData("""{ "active": true""")]
    [InlineData("""{ "active": true } x""")]
    [InlineData("""{ "active": true, }""")]
    [InlineData("""{ "active": true /* yes */ }""")]
    [InlineData("""{ 'active': true }""")]
    [InlineData("""{ "active": "true" }""")]
    [InlineData("""{ "active": 1 }""")]
    [InlineData("""{ "active": null }""")]
    [InlineData("""{ "active": [ true ] }""")]
    [InlineData("""{ "active": { "active": true } }""")]
    [InlineData("""{ "Active": true }""")]
    [InlineData("""{ "active": false, "active": true }""")]
    [InlineData("""{ "active": true, "sub": "a", "sub": "b" }""")]
    [InlineData("""{ "active": true, "sub": 1 }""")]
    [InlineData("""{ "active": true, "sub": [ "a" ] }""")]
    [InlineData("""{ "active": true, "client_id": {} }""")]
    [InlineData("""{ "active": true, "iss": [ "https://login.example.com/" ] }""")]
    [InlineData("""{ "active": true, "aud": 1 }""")]
    [InlineData("""{ "active": true, "aud": [ "orders", 1 ] }""")]
    [InlineData("""{ "active": true, "scope": 1 }""")]
    [InlineData("""{ "active": true, "scope": [ [ "read" ] ] }""")]
    [InlineData("""{ "active": true, "exp": "2000000000" }""")]
    [InlineData("""{ "active": true, "exp": -1 }""")]
    [InlineData("""{ "active": true, "exp": 1e300 }""")]
    [InlineData("""{ "active": true, "exp": 253402300800 }""")]
    [InlineData("""{ "active": true, "nbf": true }""")]
    [InlineData("""{ "active": true, "token_type": [ "Bearer" ] }""")]
    [InlineData("""{ "active": true, "a": [[[[[[[[ 1 ]]]]]]]] }""")]
    [InlineData("""{ "active": true, "sub": "\ud800" }""")]
    public void What_two_readers_could_read_differently_is_no_answer(string json) => Assert.Null(Read(json));

    [Fact]
    public void Bytes_that_are_no_text_are_no_answer() => Assert.Null(IntrospectionAnswer.Read(new byte[] { (byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}' }, "partners"));

    [Theory]
    [InlineData(""" "token_type": "DPoP" """, "token-type")]
    [InlineData(""" "token_type": "N_A" """, "token-type")]
    [InlineData(""" "cnf": { "jkt": "x" } """, "bound")]
    [InlineData(""" "cnf": { "x5t#S256": "x" } """, "bound")]
    [InlineData(""" "token_use": "refresh_token" """, "token-use")]
    [InlineData(""" "token_usage": "refresh_token" """, "token-use")]
    [InlineData(""" "token_use": 1 """, "token-use")]
    [InlineData(""" "typ": "Refresh" """, "token-use")]
    [InlineData(""" "typ": "ID" """, "token-use")]
    [InlineData(""" "token_use": "access_token", "token_usage": "access_token", "typ": "Bearer", "token_type": "BEARER" """, null)]
    public void Token_that_is_bound_or_for_something_else_gives_no_access(string members, string? fault) => Assert.Equal(fault, Read($$"""{ "active": true, "sub": "anna", {{members}} }""")!.Fault);

    private static IntrospectionAnswer? Read(string json) => IntrospectionAnswer.Read(Encoding.UTF8.GetBytes(json), "partners");
}
