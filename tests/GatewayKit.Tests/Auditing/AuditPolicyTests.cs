using GatewayKit.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace GatewayKit.Tests.Auditing;

public sealed class AuditPolicyTests
{
    [Theory]
    [InlineData("Authorization")]
    [InlineData("cookie")]
    [InlineData("X-Api-Key")]
    [InlineData("X-Refresh-Token")]
    [InlineData("X-Client-Secret")]
    [InlineData("My-Password-Hint")]
    [InlineData("X-Session-Id")]
    [InlineData("X-Authorization")]
    [InlineData("X-Forwarded-Authorization")]
    public void Field_that_holds_a_secret_is_no_setting(string name)
    {
        foreach (var policy in (AuditPolicy[])[new() { RequestHeaders = [name] }, new() { ResponseHeaders = [name] }, new() { QueryKeys = [name] }])
        {
            var failure = Assert.Throws<OptionsValidationException>(() => new FakeConventions().WithAuditing(policy));
            Assert.Contains($"'{name}', which holds or may hold a secret", failure.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("code")]
    [InlineData("SIG")]
    [InlineData("jwt")]
    [InlineData("pwd")]
    public void Key_of_a_query_that_holds_a_secret_is_no_setting_and_a_field_of_that_name_is(string name)
    {
        new FakeConventions().WithAuditing(new AuditPolicy { RequestHeaders = [name] });
        var failure = Assert.Throws<OptionsValidationException>(() => new FakeConventions().WithAuditing(new AuditPolicy { QueryKeys = [name] }));
        Assert.Contains($"'{name}', which holds or may hold a secret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Field_is_named_once()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => new FakeConventions().WithAuditing(new AuditPolicy { RequestHeaders = ["X-A", "X-B", "x-a"] }));
        Assert.Contains("'X-A' twice", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\nbreak")]
    public void Field_has_a_name(string name) =>
        Assert.Throws<OptionsValidationException>(() => new FakeConventions().WithAuditing(new AuditPolicy { RequestHeaders = [name] }));

    [Fact]
    public void Fields_are_no_more_than_fit_into_a_record()
    {
        string[] names = [.. Enumerable.Range(0, 33).Select(static i => $"X-{i}")];
        Assert.Throws<OptionsValidationException>(() => new FakeConventions().WithAuditing(new AuditPolicy { RequestHeaders = names }));
        new FakeConventions().WithAuditing(new AuditPolicy { RequestHeaders = names[..32] });
    }

    [Fact]
    public void Faults_of_bodies_are_told_all_at_once()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => new FakeConventions().WithAuditing(new AuditPolicy { Body = new() { MaxBytes = 8, ContentTypes = [], Masks = ["$"] } }));
        foreach (var fault in (string[])["neither Request nor Response", "MaxBytes", "ContentTypes has 0 types", "masks everything"])
        {
            Assert.Contains(fault, failure.Message, StringComparison.Ordinal);
        }

        new FakeConventions().WithAuditing(new AuditPolicy { Body = new() { Request = true, MaxBytes = 2_048, ContentTypes = ["text/*"], Masks = ["$..a", "$.b[0]['c d']"] } });
    }

    private sealed class FakeConventions : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}
