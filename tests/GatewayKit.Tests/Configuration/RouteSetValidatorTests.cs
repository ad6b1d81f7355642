using GatewayKit.Clusters;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;
using GatewayKit.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Configuration;

public sealed class RouteSetValidatorTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData("ftp://a", "'ftp://a' is not an absolute http or https address such as \"http://10.0.0.5:8080\".")]
    [InlineData("10.0.0.5:8080", "'10.0.0.5:8080' is not an absolute http or https address such as \"http://10.0.0.5:8080\".")]
    [InlineData("/a", "'/a' is not an absolute http or https address such as \"http://10.0.0.5:8080\".")]
    [InlineData("http://me:secret@a", "The address has a user in it. Remove what stands before '@'; send credentials in a header.")]
    [InlineData("http://a/?x=1", "The address has a query or a fragment. Only a path can be put in front of the request's.")]
    [InlineData("http://a/#x", "The address has a query or a fragment. Only a path can be put in front of the request's.")]
    public void An_address_is_absolute_http_without_user_query_and_fragment(string address, string message) =>
        AssertOne($$"""{ "Clusters": { "a": { "Destinations": { "x": { "Address": "{{address}}" } } } } }""", "Gateway:Clusters:a:Destinations:x:Address", message);

    [Theory]
    [InlineData(""" "Destinations": { "x": { "Address": "http://a", "Host": "*.b" } } """, "Destinations:x:Host", "'*.b' is not a host, with or without a port.")]
    [InlineData(""" "Destinations": { "x": { "Address": "http://a", "Weight": 1001 } } """, "Destinations:x:Weight", "Weight is 1001; it must be from 0 to 1000.")]
    [InlineData(""" "Http": { "MaxConnections": 0 } """, "Http:MaxConnections", "MaxConnections is 0; it must be from 1 to 1000000.")]
    [InlineData(""" "Http": { "Version": "1.2" } """, "Http:Version", "HTTP/1.2 is not to be had. Write \"1.1\", \"2.0\" or \"3.0\".")]
    [InlineData(""" "Timeouts": { "Idle": "00:00:00" } """, "Timeouts:Idle", "Idle is 00:00:00; it must be more than zero and at most 24.20:31:23.6470000, or \"Infinite\" to switch it off.")]
    [InlineData(""" "Timeouts": { "Connect": "-00:00:05" } """, "Timeouts:Connect", "Connect is -00:00:05; it must be more than zero and at most 24.20:31:23.6470000, or \"Infinite\" to switch it off.")]
    [InlineData(""" "Timeouts": { "Total": "30.00:00:00" } """, "Timeouts:Total", "Total is 30.00:00:00; it must be more than zero and at most 24.20:31:23.6470000, or \"Infinite\" to switch it off.")]
    [InlineData(""" "Timeouts": { "Total": "00:00:10", "Attempt": "00:00:30" } """, "Timeouts:Attempt", "Attempt is 00:00:30, which is longer than Total, 00:00:10. Shorten it or lengthen Total.")]
    [InlineData(""" "Timeouts": { "Total": "00:00:10", "Attempt": "00:00:20" } """, "Timeouts:Attempt", "Attempt is 00:00:20, which is longer than Total, 00:00:10. Shorten it or lengthen Total.")]
    [InlineData(""" "Tls": { "Protocols": [ "Tls11" ] } """, "Tls:Protocols", "Protocols is Tls11; only Tls12 and Tls13 are safe to speak. Name one or both, or remove the key.")]
    [InlineData(""" "Destinations": { "x": { "Address": "http://a:0" } } """, "Destinations:x:Address", "The address has port 0, which nothing listens at. Write the port of the destination.")]
    [InlineData(""" "Tls": { "ServerName": "10.0.0.1" } """, "Tls:ServerName", "'10.0.0.1' is not a host name.")]
    [InlineData(""" "Tls": { "ClientCertificate": { "File": "/proc/self/exe", "PasswordVariable": "GATEWAYKIT_UNSET" } } """, "Tls:ClientCertificate:PasswordVariable", "The environment variable 'GATEWAYKIT_UNSET' is not set.")]
    [InlineData(""" "CircuitBreaker": { "OpenFor": "00:02:00" } """, "CircuitBreaker:OpenFor", "OpenFor is 00:02:00, longer than MaxOpenFor, which is 00:01:00 by default. Set MaxOpenFor to 00:02:00 or more as well, or shorten OpenFor.")]
    [InlineData(""" "CircuitBreaker": { "MaxOpenFor": "00:00:02" } """, "CircuitBreaker:MaxOpenFor", "MaxOpenFor is 00:00:02, shorter than OpenFor, which is 00:00:05 by default. Set OpenFor to 00:00:02 or less as well, or lengthen MaxOpenFor.")]
    [InlineData(""" "CircuitBreaker": { "OpenFor": "00:00:09", "MaxOpenFor": "00:00:02" } """, "CircuitBreaker:MaxOpenFor", "MaxOpenFor is 00:00:02, shorter than OpenFor, which is 00:00:09. Set OpenFor to 00:00:02 or less as well, or lengthen MaxOpenFor.")]
    [InlineData(""" "CircuitBreaker": { "OpenFor": "02:00:00" } """, "CircuitBreaker:OpenFor", "OpenFor is 02:00:00; it must be 00:00:00.1000000 to 01:00:00.")]
    public void A_cluster_that_cannot_work_is_an_error(string content, string path, string message) =>
        AssertOne($$"""{ "Clusters": { "a": { {{content}} } } }""", $"Gateway:Clusters:a:{path}", message);

    [Fact]
    public void A_certificate_file_must_be_there()
    {
        var error = Assert.Single(_fixture.Errors("""{ "Clusters": { "a": { "Tls": { "CertificateAuthorityFile": "no-such.pem" } } } }"""));
        Assert.Equal("Gateway:Clusters:a:Tls:CertificateAuthorityFile", error.Path);
        Assert.StartsWith("The file 'no-such.pem' does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Http2_over_cleartext_needs_the_exact_version() => AssertOne(
        """{ "Clusters": { "grpc": { "Http": { "Version": "2.0" }, "Destinations": { "x": { "Address": "http://a:5000" }, "y": { "Address": "https://a:5001" } } } } }""",
        "Gateway:Clusters:grpc:Http:VersionPolicy",
        "RequestVersionOrLower means HTTP/1.1 for the address 'http://a:5000/', which is not https. Write \"RequestVersionExact\" for HTTP/2.0.");

    [Theory]
    [InlineData("""{ "Version": "1.1" }""", "http://a", "application/grpc", true)]
    [InlineData("""{ "Version": "1.1" }""", "https://a", "application/grpc+proto", true)]
    [InlineData("""{ "Version": "1.1" }""", "https://a", "application/grpc-web", false)]
    [InlineData("""{ "Version": "2.0", "VersionPolicy": "RequestVersionExact" }""", "http://a", "application/grpc", false)]
    [InlineData("""{ "Version": "2.0" }""", "https://a", "application/grpc", false)]
    public void A_route_for_grpc_needs_a_cluster_that_can_speak_http2(string http, string address, string type, bool isError)
    {
        var errors = _fixture.Errors($$"""
            {
              "Clusters": { "up": { "Http": {{http}}, "Destinations": { "x": { "Address": "{{address}}" } } } },
              "Routes": { "calls": { "Match": { "Headers": [{ "Name": "content-type", "Values": [ "{{type}}" ], "Mode": "Prefix" }] }, "Cluster": "up" } }
            }
            """);
        if (isError)
        {
            var error = Assert.Single(errors);
            Assert.Equal("Gateway:Routes:calls:Cluster", error.Path);
            Assert.Contains("The route takes gRPC, which needs HTTP/2, but destination 'x' of cluster 'up' is asked in HTTP/1.1.", error.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Empty(errors);
        }
    }

    [Fact]
    public void A_total_below_the_default_of_attempt_and_a_cluster_without_destinations_are_fine() =>
        Assert.Empty(_fixture.Errors("""{ "Clusters": { "a": { "Timeouts": { "Total": "00:00:10" } } } }"""));

    [Theory]
    [InlineData(""" "Match": {} """, "", "The route goes nowhere. Say one of Cluster, Split, Respond and Redirect.")]
    [InlineData(""" "Match": {}, "Cluster": "a", "Respond": {} """, "", "The route goes several ways: Cluster and Respond. Keep one of them.")]
    [InlineData(""" "Match": {}, "Cluster": "ordrs" """, ":Cluster", "There is no cluster 'ordrs'. Did you mean 'orders'?")]
    [InlineData(""" "Match": {}, "Cluster": "" """, ":Cluster", "There is no cluster ''. Add it under Clusters, or correct the name.")]
    [InlineData(""" "Match": { "Path": "orders" }, "Cluster": "a" """, ":Match:Path", "The path 'orders' must start with '/'.")]
    [InlineData(""" "Match": { "Methods": [ "GET", "B D" ] }, "Cluster": "a" """, ":Match:Methods:1", "'B D' is not a method: letters, digits and hyphens, such as \"GET\".")]
    [InlineData(""" "Match": { "Methods": [ "GET", "GET" ] }, "Cluster": "a" """, ":Match:Methods:1", "GET is there twice. Remove one.")]
    [InlineData(""" "Match": { "Hosts": [ "a b" ] }, "Cluster": "a" """, ":Match:Hosts:0", "'a b' is not a host. Write \"api.example.com\", \"*.example.com\" or \"[::1]\", each with or without \":8080\", or \"*:8080\"; no scheme and no path.")]
    [InlineData(""" "Match": { "Hosts": [ "*." ] }, "Cluster": "a" """, ":Match:Hosts:0", "'*.' is not a host. Write \"api.example.com\", \"*.example.com\" or \"[::1]\", each with or without \":8080\", or \"*:8080\"; no scheme and no path.")]
    [InlineData(""" "Match": { "Methods": [ "GET", "get" ] }, "Cluster": "a" """, ":Match:Methods:1", "get is there twice. Remove one.")]
    [InlineData(""" "Match": { "Path": "/a/*" }, "Cluster": "a" """, ":Match:Path", "The '*' in '/a/*' would only match itself. Write {name} for one segment, or {**name} at the end for all that follow.")]
    [InlineData(""" "Match": { "Path": "/a%20b" }, "Cluster": "a" """, ":Match:Path", "The '%20' in '/a%20b' matches no request: paths are decoded before they are compared. Write ' '.")]
    [InlineData(""" "Match": { "ClientAddresses": [ "10.0.0.1/8" ] }, "Cluster": "a" """, ":Match:ClientAddresses:0", "'10.0.0.1/8' is not how the network is written. If it is the one that is meant, write \"10.0.0.0/8\".")]
    [InlineData(""" "Match": { "ClientAddresses": [ "010.0.0.1" ] }, "Cluster": "a" """, ":Match:ClientAddresses:0", "'010.0.0.1' is not how the network is written. If it is the one that is meant, write \"8.0.0.1/32\".")]
    [InlineData(""" "Match": { "ClientAddresses": [ "2001:db8::1/32" ] }, "Cluster": "a" """, ":Match:ClientAddresses:0", "'2001:db8::1/32' is not how the network is written. If it is the one that is meant, write \"2001:db8::/32\".")]
    [InlineData(""" "Match": { "ClientAddresses": [ "::ffff:10.0.0.0/104" ] }, "Cluster": "a" """, ":Match:ClientAddresses:0", "'::ffff:10.0.0.0/104' is written as IPv6, but clients with IPv4 addresses are compared as IPv4. Write \"10.0.0.0/8\".")]
    [InlineData(""" "Match": { "Headers": [ { "Name": "X A", "Mode": "Exists" } ] }, "Cluster": "a" """, ":Match:Headers:0:Name", "'X A' is not a header name.")]
    [InlineData(""" "Match": { "Headers": [ { "Name": "X-A" } ] }, "Cluster": "a" """, ":Match:Headers:0:Values", "Mode Exact needs something to compare with. Add Values, or use Mode Exists or NotExists.")]
    [InlineData(""" "Match": { "Query": [ { "Name": "q", "Mode": "NotExists", "Values": [ "a" ] } ] }, "Cluster": "a" """, ":Match:Query:0:Values", "Mode NotExists compares with nothing. Remove Values.")]
    [InlineData(""" "Match": { "Query": [ { "Name": "q", "Mode": "Prefix", "Values": [ "" ] } ] }, "Cluster": "a" """, ":Match:Query:0:Values", "An empty value with Mode Prefix would match everything. Use Mode Exists, or remove it.")]
    [InlineData(""" "Match": { "Query": [ { "Name": "q", "Mode": "Regex", "Values": [ "(?=a)" ] } ] }, "Cluster": "a" """, ":Match:Query:0:Values:0", "'(?=a)' needs backtracking (lookaround, backreferences, atomic groups), which an attacker can make endless. Write it without.")]
    [InlineData(""" "Match": {}, "Respond": { "Status": 600 } """, ":Respond:Status", "Status is 600; it must be from 200 to 599.")]
    [InlineData(""" "Match": {}, "Respond": { "Status": 204, "Body": "x" } """, ":Respond:Body", "An answer with status 204 has no body. Remove Body or change Status.")]
    [InlineData(""" "Match": {}, "Respond": { "ContentType": "x" } """, ":Respond:ContentType", "'x' is not a media type such as \"application/json\".")]
    [InlineData(""" "Match": {}, "Respond": { "Headers": { "X-A": "a\r\nb" } } """, ":Respond:Headers:X-A", "The value of X-A has a line break, another control character or a letter outside ASCII, which cannot be sent. Remove or encode it.")]
    [InlineData(""" "Match": {}, "Respond": { "Headers": { "X-A": "Größe" } } """, ":Respond:Headers:X-A", "The value of X-A has a line break, another control character or a letter outside ASCII, which cannot be sent. Remove or encode it.")]
    [InlineData(""" "Match": {}, "Respond": { "Headers": { "transfer-encoding": "chunked" } } """, ":Respond:Headers:transfer-encoding", "transfer-encoding says how the answer is sent, which the server does itself. Remove it.")]
    [InlineData(""" "Match": {}, "Respond": { "Headers": { "Content-Type": "text/html" } } """, ":Respond:Headers:Content-Type", "Content-Type says how the answer is sent, which the server does itself. Write ContentType instead.")]
    [InlineData(""" "Match": {}, "Redirect": { "To": "/x", "Status": 300 } """, ":Redirect:Status", "Status is 300; it must be one of 301, 302, 303, 307, 308.")]
    [InlineData(""" "Match": { "Path": "/a/{b}" }, "Redirect": { "To": "/x/{c}" } """, ":Redirect:To", "The address of the redirect cannot be used: the path has no parameter 'c'.")]
    [InlineData(""" "Match": {}, "Cluster": "a", "Sample": { "Window": "00:00:01", "Level": 11 } """, ":Sample:Level", "Level is 11; it must be from 1 to 10.")]
    [InlineData(""" "Match": {}, "Cluster": "a", "Sample": { "Window": "00:00:01", "Code": "A1" } """, ":Sample:Code", "Code must be lower-case letters.")]
    [InlineData(""" "Match": {}, "Cluster": "a", "Sample": { "Window": "2.00:00:00" } """, ":Sample", "Window is longer than a day.")]
    [InlineData(""" "Match": {}, "Cluster": "a", "Sample": [ { "Window": "00:00:01" }, { "Window": "00:00:02" } ] """, ":Sample", "Sample is there twice for the same purpose; only one would count. Remove one.")]
    public void A_route_that_cannot_work_is_an_error(string content, string path, string message) =>
        AssertOne($$"""{ "Clusters": { "a": {}, "orders": {} }, "Routes": { "r": { {{content}} } } }""", $"Gateway:Routes:r{path}", message);

    [Theory]
    [InlineData("/{", "'/{' is not a path template: ")]
    [InlineData("/{id:regex([)}", "'/{id:regex([)}' is not a path template: Invalid pattern '['")]
    [InlineData("/{id:regex([)?}", "'/{id:regex([)?}' is not a path template: Invalid pattern '['")]
    [InlineData("/{id:nothing}", "'/{id:nothing}' is not a path template: ")]
    [InlineData("/a?b", "'/a?b' is not a path template: ")]
    public void A_path_that_routing_refuses_is_an_error(string template, string start)
    {
        var error = Assert.Single(_fixture.Errors($$"""{ "Routes": { "r": { "Match": { "Path": "{{template}}" }, "Respond": {} } } }"""));
        Assert.Equal("Gateway:Routes:r:Match:Path", error.Path);
        Assert.StartsWith(start, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/{id:regex(^\\\\d{{2}}$)}")]
    [InlineData("/{id:regex(^[(]a[)]$)?}")]
    [InlineData("/{name:alpha}")]
    [InlineData("/a%2Fb*c/{**rest}")]
    public void A_path_that_routing_takes_as_it_is_meant_is_fine(string template) =>
        Assert.Empty(_fixture.Errors($$"""{ "Routes": { "r": { "Match": { "Path": "{{template}}" }, "Respond": {} } } }"""));

    [Fact]
    public void Routes_that_nothing_tells_apart_are_an_error()
    {
        var error = Assert.Single(_fixture.Errors("""{ "Routes": { "a": { "Match": { "Path": "/x", "Methods": [ "GET" ] }, "Respond": {} }, "b": { "Match": { "Path": "/X", "Methods": [ "get" ] }, "Respond": {} } } }"""));
        Assert.Equal("Gateway:Routes:b", error.Path);
        Assert.Contains("nothing tells them apart", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_mistake_is_one_error_and_all_mistakes_are_found()
    {
        var errors = _fixture.Errors("""
            {
              "Clusters": { "a": { "Destinations": { "x": { "Address": "" }, "y": { "Address": "ftp://y" } } } },
              "Routes": { "r": { "Match": {}, "Cluster": "a", "Redirect": { "Status": 9 } }, "s": { "Match": {}, "Cluster": "b", "Sample": { "Level": 99 } } }
            }
            """);
        Assert.Equal(
            [
                "Gateway:Clusters:a:Destinations:x:Address",
                "Gateway:Clusters:a:Destinations:y:Address",
                "Gateway:Routes:r:Redirect:To",
                "Gateway:Routes:s:Cluster",
                "Gateway:Routes:s:Sample:Window",
            ],
            errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "The id of a route is empty. Give it a name.")]
    [InlineData("a\nb", "The id of the route has a control character, which would break lines of logs. Remove it.")]
    [InlineData("a:b", "The id 'a:b' has a colon, which separates the keys of a configuration. Use another character.")]
    public void An_id_of_code_can_stand_in_logs_and_keys(string id, string message)
    {
        var errors = _fixture.Configurator.Validate(new RouteSet { Routes = [Respond(id)] });
        Assert.Contains(message, errors.Select(static error => error.Message));
    }

    [Fact]
    public void Ids_that_differ_in_case_only_are_the_same_id()
    {
        var errors = _fixture.Configurator.Validate(new RouteSet { Routes = [Respond("a"), Respond("A") with { Match = new() { Path = "/other" } }] });
        Assert.Equal(new ConfigurationError("Routes:A", "The route 'A' is there twice; ids differ by more than case. Rename one of them."), Assert.Single(errors));
    }

    [Fact]
    public void Code_is_checked_like_json_and_null_is_an_error_and_no_exception()
    {
        var errors = _fixture.Configurator.Validate(new RouteSet
        {
            Clusters = [new() { Id = "a", Http = null!, LoadBalancing = (LoadBalancing)99 }, new() { Id = "b", Destinations = new Dictionary<string, Destination> { ["x"] = null! } }],
            Routes = [Respond("r") with { Match = null! }, Respond("s") with { Match = new() { Methods = [null!] } }, Respond("t") with { Policies = [new UnknownPolicy(), null!] }],
        });
        Assert.Equal(
            ["Clusters:a:Http", "Clusters:a:LoadBalancing", "Clusters:b:Destinations:x", "Routes:r:Match", "Routes:s:Match:Methods:0", "Routes:t", "Routes:t:UnknownPolicy"],
            errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Clusters_and_routes_of_start_up_code_are_there_when_a_set_is_validated_alone()
    {
        using var fixture = new ConfigurationFixture(static services => services.AddApiGateway().AddCluster("stock", "http://127.0.0.1:9").AddRoutes(Respond("code")));
        var route = Respond("r") with { Match = new() { Path = "/r" }, Respond = null, Cluster = "stock" };
        Assert.Empty(fixture.Configurator.Validate(new RouteSet { Routes = [route] }));
        Assert.Equal("Routes:code", Assert.Single(fixture.Configurator.Validate(new RouteSet { Routes = [route with { Id = "code" }] })).Path);
    }

    private static GatewayRoute Respond(string id) => new() { Id = id, Match = new() { Path = "/x" }, Respond = new() };

    private void AssertOne(string json, string path, string message) => Assert.Equal(new ConfigurationError(path, message), Assert.Single(_fixture.Errors(json)));

    private sealed record UnknownPolicy : IGatewayPolicy
    {
        public GatewayStage Stage => GatewayStage.Limit;

        public PolicyMode Mode => PolicyMode.Enforce;
    }
}
