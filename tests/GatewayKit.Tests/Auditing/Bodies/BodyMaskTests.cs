using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Bodies;

namespace GatewayKit.Tests.Auditing.Bodies;

public sealed class BodyMaskTests
{
    [Theory]
    [InlineData("$.card.number", """{"card":{"number":"1","name":"n"},"number":2}""", """{"card":{"number":"***","name":"n"},"number":2}""")]
    [InlineData("$.card", """{"card":{"number":[1,{"a":2}]},"b":1}""", """{"card":"***","b":1}""")]
    [InlineData("$..number", """{"number":1,"a":[{"number":{"x":1}},{"b":{"number":null}}]}""", """{"number":"***","a":[{"number":"***"},{"b":{"number":"***"}}]}""")]
    [InlineData("$.items[*].id", """{"items":[{"id":1,"n":2},{"id":3}],"id":4}""", """{"items":[{"id":"***","n":2},{"id":"***"}],"id":4}""")]
    [InlineData("$.items[1]", """{"items":[1,2,3]}""", """{"items":[1,"***",3]}""")]
    [InlineData("$[0]['a b']", """[{"a b":1},{"a b":2}]""", """[{"a b":"***"},{"a b":2}]""")]
    [InlineData("$.*", """{"a":1,"b":[2]}""", """{"a":"***","b":"***"}""")]
    [InlineData("$[*]", """[1,"a",{}]""", """["***","***","***"]""")]
    [InlineData("$..a..b", """{"a":{"c":{"b":1},"b":2},"b":3}""", """{"a":{"c":{"b":"***"},"b":"***"},"b":3}""")]
    [InlineData("$..[1]", """[[1,2],[3,4]]""", """[[1,"***"],"***"]""")]
    [InlineData("$.Card.NUMBER", """{"card":{"number":1}}""", """{"card":{"number":"***"}}""")]
    [InlineData("$.a", """{"\u0061":1,"a":2}""", """{"a":"***","a":"***"}""")]
    [InlineData("$.a", "{\"a\":1}\n{\"a\":2}", "{\"a\":\"***\"}\n{\"a\":\"***\"}")]
    [InlineData("$.größe", """{"größe":1}""", """{"größe":"***"}""")]
    public void Mask_hides_what_it_names_and_nothing_else(string mask, string body, string expected) => Assert.Equal(expected, CleanBody.Json(body, mask));

    [Theory]
    [InlineData("password")]
    [InlineData("newPassword")]
    [InlineData("access_token")]
    [InlineData("clientSecret")]
    [InlineData("apiKey")]
    [InlineData("cvc")]
    [InlineData("CVV")]
    [InlineData("pin")]
    [InlineData("private_key")]
    public void Member_whose_name_holds_a_secret_is_hidden_without_a_mask(string name)
    {
        Assert.Equal($$"""{"a":[{"{{name}}":"***"}],"spinner":"x"}""", CleanBody.Json($$$"""{"a":[{"{{{name}}}":{"b":"x"}}],"spinner":"x"}"""));
        Assert.Equal($"{name}=***&a=1", CleanBody.Form($"{name}=x&a=1"));
        Assert.Equal($"card[{name}]=***&spinner[a]=1", CleanBody.Form($"card[{name}]=x&spinner[a]=1"));
    }

    [Fact]
    public void What_is_written_again_is_the_same_JSON()
    {
        const string Body = """ { "a" : [ 1.5e3 , -0 , true , false , null , "\"\\\/\b\f\n\r\t\u0001é€😀" ] , "" : { } , "b" : [ ] } """;
        var text = CleanBody.Json(Body)!;
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(Body), JsonElement.Parse(text)), text);
        Assert.DoesNotContain(text, char.IsControl);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1}}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("<a>password</a>")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{/* */\"a\":1}")]
    public void What_is_no_JSON_is_not_shown(string body) => Assert.Null(CleanBody.Json(body));

    [Fact]
    public void What_is_no_Unicode_or_too_deep_is_not_shown()
    {
        Assert.Null(CleanBody.Json([.. "{\"a\":\""u8, 0xC3, .. "\"}"u8], isCut: false));
        Assert.Null(CleanBody.Json(new string('[', 65) + new string(']', 65)));
        Assert.Equal(new string('[', 64) + new string(']', 64), CleanBody.Json(new string('[', 64) + new string(']', 64)));
        Assert.Equal("{}", CleanBody.Json([.. "\uFEFF"u8, .. "{}"u8], isCut: false));
    }

    [Fact]
    public void Wherever_JSON_is_cut_nothing_masked_is_seen()
    {
        const string Body = """{"id":7,"card":{"number":"canary-1","more":["canary-2",{"x":"canary-3"}]},"Password":"canary-4","pan":4111111111111111,"mail":"canary-5@example.com","k":"gk_live_canary-6","list":["canary-7","b"],"end":"shown"}""";
        string[] masks = ["$.card", "$.list[0]"];
        var bytes = Encoding.UTF8.GetBytes(Body);
        var whole = CleanBody.Json(bytes, isCut: false, masks)!;
        Assert.Equal("""{"id":7,"card":"***","Password":"***","pan":"[card]","mail":"[email]","k":"[key]","list":["***","b"],"end":"shown"}""", whole);
        for (var length = 0; length <= bytes.Length; length++)
        {
            var text = CleanBody.Json(bytes.AsSpan(0, length), isCut: true, masks);
            Assert.NotNull(text);
            Assert.StartsWith(text, whole, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Text_that_does_not_fit_is_cut_without_a_fault()
    {
        var body = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("1", 500))}]");
        for (var room = 0; room < 200; room++)
        {
            var text = new BodyText(new char[room], []);
            Assert.True(JsonBody.TryWrite(body, isCut: false, new(["$[*]"]), ref text, new char[body.Length]));
            Assert.True(text.IsFull && text.Length <= room);
            Assert.DoesNotContain('1', text.Written.ToString());
        }
    }

    [Theory]
    [InlineData("a=1&b=2", "a=1&b=***", "$.b")]
    [InlineData("user%5Bpass%5D=x&b", "user[pass]=***&b", "$..pass")]
    [InlineData("user.pass=x", "user.pass=***", "$.pass")]
    [InlineData("p%61ss=x+y", "pass=***", "$.pass")]
    [InlineData("mail=anna%40example.com&card=4111+1111+1111+1111", "mail=[email]&card=[card]", "$.pass")]
    [InlineData("a=x%26y%3D%2B%25&b=%0d%0A", "a=x%26y%3D%2B%25&b=%0D%0A", "$.pass")]
    [InlineData("a=%zz%4", "a=%25zz%254", "$.pass")]
    [InlineData("a=%ff", "a=\uFFFD", "$.pass")]
    [InlineData("&&=", "&&=", "$.pass")]
    public void Form_is_masked_by_its_keys(string form, string expected, string mask) => Assert.Equal(expected, CleanBody.Form(form, isCut: false, mask));

    [Theory]
    [InlineData("a=1&b=sec", "a=1")]
    [InlineData("a=1&b", "a=1")]
    [InlineData("a=1&", "a=1")]
    [InlineData("a=sec", "")]
    public void Field_in_which_a_form_is_cut_is_left_out(string form, string expected) => Assert.Equal(expected, CleanBody.Form(form, isCut: true));

    [Theory]
    [InlineData("card.number", "begins with '$'")]
    [InlineData("", "begins with '$'")]
    [InlineData("$", "masks everything")]
    [InlineData("$card", "'c' at 2")]
    [InlineData("$.", "ends where a name has to be")]
    [InlineData("$..", "ends where a name has to be")]
    [InlineData("$.a b", "' ' at 4")]
    [InlineData("$.a[?(@.b)]", "in the brackets at 4")]
    [InlineData("$.a[0:2]", "in the brackets at 4")]
    [InlineData("$.a[-1]", "in the brackets at 4")]
    [InlineData("$.a['b]", "the name at 5 has no end")]
    [InlineData("$.a[", "in the brackets at 4")]
    [InlineData("$.a.[b]", "'[' at 5")]
    public void Fault_of_a_mask_says_where_it_is(string mask, string fault)
    {
        var fault1 = Assert.Single(BodyMasks.FaultsOf([mask]));
        Assert.StartsWith($"Masks has '{mask}': ", fault1, StringComparison.Ordinal);
        Assert.Contains(fault, fault1, StringComparison.Ordinal);
    }

    [Fact]
    public void Masks_are_no_more_than_are_followed()
    {
        Assert.Contains("33 masks", Assert.Single(BodyMasks.FaultsOf([.. Enumerable.Repeat("$.a", 33)])), StringComparison.Ordinal);
        Assert.Contains("65 steps", Assert.Single(BodyMasks.FaultsOf([.. Enumerable.Repeat("$.a.b.c", 21), "$.a.b"])), StringComparison.Ordinal);
        string[] most = [.. Enumerable.Repeat("$.a.b", 31), "$.c.d"];
        Assert.Empty(BodyMasks.FaultsOf(most));
        Assert.Equal("""{"c":{"d":"***"},"a":{"b":"***","c":1}}""", CleanBody.Json("""{"c":{"d":1},"a":{"b":2,"c":1}}""", most));
    }

    [Theory]
    [InlineData("application/json", null)]
    [InlineData("application/*+json", null)]
    [InlineData("TEXT/*", null)]
    [InlineData("application/soap+xml", null)]
    [InlineData("application/json; charset=utf-8", "no media type")]
    [InlineData("json", "no media type")]
    [InlineData("", "no media type")]
    [InlineData("*/*", "no media type")]
    [InlineData("application/*", "stands for too much")]
    [InlineData("text/event-stream", "is a stream")]
    [InlineData("application/grpc", "is a stream")]
    [InlineData("application/grpc+json", "is a stream")]
    [InlineData("multipart/form-data", "not known as text")]
    [InlineData("application/octet-stream", "not known as text")]
    [InlineData("image/png", "not known as text")]
    public void Type_of_content_that_is_recorded_is_one_of_text(string type, string? fault)
    {
        if (fault is null)
        {
            Assert.Null(BodyTypes.FaultOf(type));
        }
        else
        {
            Assert.Contains(fault, BodyTypes.FaultOf(type)!, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("application/json", "Json", false)]
    [InlineData("Application/JSON; charset=\"UTF-8\"", "Json", false)]
    [InlineData("application/json;charset=utf-16", "Json", true)]
    [InlineData("application/problem+json", "Json", false)]
    [InlineData("application/x-www-form-urlencoded", "Form", false)]
    [InlineData("text/plain; charset=iso-8859-1", "Text", true)]
    [InlineData("text/plain; format=flowed; charset=us-ascii", "Text", false)]
    [InlineData("text/event-stream", "None", false)]
    [InlineData("application/grpc-web+json", "None", false)]
    [InlineData("application/xml", "None", false)]
    [InlineData("multipart/form-data; boundary=x", "None", false)]
    [InlineData("", "None", false)]
    public void Body_is_read_by_its_type_and_character_set(string contentType, string kind, bool isForeign)
    {
        var types = new BodyTypes([.. new AuditBody().ContentTypes, "text/*"]);
        Assert.Equal((kind, isForeign), (types.Of(contentType, out var foreign).ToString(), foreign));
    }
}
