using GatewayKit.Diagnostics;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Identity.Signatures;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.RequestSignatures;

public sealed class SignatureTests
{
    private static readonly byte[] Order = "{\"item\":7}"u8.ToArray();

    [Theory]
    [InlineData(SigningAlgorithm.HmacSha256)]
    [InlineData(SigningAlgorithm.EcdsaP256Sha256)]
    [InlineData(SigningAlgorithm.EcdsaP384Sha384)]
    [InlineData(SigningAlgorithm.RsaPssSha512)]
    [InlineData(SigningAlgorithm.RsaV15Sha256)]
    public async Task Signed_request_is_let_in_and_its_signature_goes_no_further(SigningAlgorithm algorithm)
    {
        var (key, known) = SignedGateway.Pair(algorithm);
        await using var gateway = await SignedGateway.StartAsync(new() { AllowRsaV15 = true }, consumer: new() { Id = "acme", SigningKeys = [known] });
        foreach (var path in new[] { "/own/orders?page=1", "/route/orders?page=1&x=%20" })
        {
            var answer = await gateway.AskAsync((gateway.Request(path) with { Method = "POST", Body = Order }).WithDigest(), key);
            Assert.Equal((200, string.Empty), (answer.Status, path[1] is 'r' ? gateway.SeenSignature : string.Empty));
            Assert.Equal(Order, gateway.SeenBody);
            Assert.True(path[1] is 'r' || answer.Consumer is "acme by acme-1", answer.Consumer);
        }
    }

    [Theory]
    [InlineData("@method", "@authority", "@path", "@query")]
    [InlineData("@method", "@authority", "@request-target")]
    [InlineData("@target-uri", "@method", "@scheme")]
    public async Task Target_may_be_covered_in_parts(params string[] components)
    {
        await using var gateway = await SignedGateway.StartAsync();
        Assert.Equal(200, (await gateway.AskAsync(gateway.Request() with { Components = components })).Status);
        Assert.Equal(200, (await gateway.AskAsync(gateway.Request("/own/") with { Components = components })).Status);
    }

    public static TheoryData<string> Faults() => new(
        "no signature", "key of nobody", "key that was revoked", "key that has expired", "key of one who is suspended", "other secret", "another algorithm", "no created", "too old", "not yet", "expired",
        "method not covered", "target not covered", "query not covered", "only a parameter of the query covered", "field not covered", "field not there", "body not covered", "body of another", "digest that is none", "weak digest",
        "input alone", "signature alone", "input that is none", "signature that is none", "no key", "other label", "other tag", "component twice", "too many signatures", "too long");

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Request_whose_signature_does_not_hold_is_refused_whatever_is_wrong_with_it(string fault)
    {
        var now = TimeProvider.System.GetUtcNow();
        var known = new Consumer
        {
            Id = "acme",
            SigningKeys = [SignedGateway.HmacKey, SignedGateway.HmacKey with { Id = "revoked", IsRevoked = true }, SignedGateway.HmacKey with { Id = "ended", ExpiresAt = now.AddMinutes(-1) }],
            Applications = [new() { Id = "shop", State = ConsumerState.Suspended, SigningKeys = [SignedGateway.HmacKey with { Id = "suspended" }] }],
        };
        await using var gateway = await SignedGateway.StartAsync(new() { Components = ["x-tenant"], Label = fault is "other label" ? "sig2" : null, Tag = "orders" }, consumer: known);
        var good = (gateway.Request() with
        {
            Method = "POST", Body = Order, Tag = "orders", Fields = new Dictionary<string, string> { ["X-Tenant"] = "a" }, Components = ["@method", "@target-uri", "x-tenant"],
        }).WithDigest();
        Assert.Equal(fault is "other label" ? 401 : 200, (await gateway.AskAsync(good with { Nonce = "good" })).Status);
        var served = gateway.Served;
        var asked = fault switch
        {
            "key of nobody" => good with { KeyId = "nobody" },
            "key that was revoked" => good with { KeyId = "revoked" },
            "key that has expired" => good with { KeyId = "ended" },
            "key of one who is suspended" => good with { KeyId = "suspended" },
            "another algorithm" => good with { Algorithm = "rsa-v1_5-sha256" },
            "no created" => good with { Created = null },
            "too old" => good with { Created = now.AddMinutes(-6) },
            "not yet" => good with { Created = now.AddMinutes(1) },
            "expired" => good with { Created = now.AddMinutes(-2), Expires = now.AddMinutes(-1) },
            "method not covered" => good with { Components = ["@target-uri", "x-tenant", "content-digest"] },
            "target not covered" => good with { Components = ["@method", "@authority", "x-tenant", "content-digest"] },
            "query not covered" => good with { Components = ["@method", "@authority", "@path", "x-tenant", "content-digest"] },
            "field not covered" => good with { Components = ["@method", "@target-uri", "content-digest"] },
            "body not covered" => good with { Components = ["@method", "@target-uri", "x-tenant"] },
            "no key" => good with { KeyId = string.Empty },
            "other tag" => good with { Tag = "reports" },
            _ => good,
        };
        var fields = asked.Sign(fault is "other secret" ? SignatureKey.Hmac(new byte[32]) : SignedGateway.Hmac);
        fields = fault switch
        {
            "no signature" => Without("Signature", "Signature-Input"),
            "input alone" => Without("Signature"),
            "signature alone" => Without("Signature-Input"),
            "field not there" => Without("X-Tenant"),
            "input that is none" => [.. Without("Signature-Input"), ("Signature-Input", "sig1=(")],
            "signature that is none" => [.. Without("Signature"), ("Signature", "sig1=\"text\"")],
            "component twice" => [.. Without("Signature-Input"), ("Signature-Input", "sig1=(\"@method\" \"@method\" \"@target-uri\" \"x-tenant\" \"content-digest\");created=1;keyid=\"acme-1\"")],
            "only a parameter of the query covered" => [.. Without("Signature-Input"), ("Signature-Input", "sig1=(\"@method\" \"@authority\" \"@path\" \"@query-param\";name=\"page\");created=1;keyid=\"acme-1\"")],
            "too many signatures" => [.. fields, .. Enumerable.Range(2, 5).Select(static number => ("Signature", $"sig{number}=:AAAA:"))],
            "too long" => [.. fields, ("Signature", $"long=:{new string('A', 8_200)}:")],
            "digest that is none" => SignedDigest("nothing"),
            "weak digest" => SignedDigest("md5=:AAAA:"),
            _ => fields,
        };
        var answer = await gateway.SendAsync(fault is "body of another" ? asked with { Body = "{\"item\":8}"u8.ToArray() } : asked, fields);
        Assert.Equal((401, "Signature realm=\"gatewaykit\"", served), (answer.Status, answer.Challenge, gateway.Served));
        Assert.Equal((await gateway.SendAsync(good, [])).UniformBody, answer.UniformBody);

        (string Name, string Value)[] Without(params string[] names) => [.. fields.Where(field => !names.Contains(field.Name))];

        (string Name, string Value)[] SignedDigest(string digest) =>
            (asked with { Fields = new Dictionary<string, string>(asked.Fields) { ["Content-Digest"] = digest } }).Sign(SignedGateway.Hmac);
    }

    [Fact]
    public async Task Whatever_is_covered_cannot_be_changed()
    {
        await using var gateway = await SignedGateway.StartAsync(new() { RejectReplays = false }, static builder => builder.Services.Configure<ApiKeyOptions>(static options => options.FailuresPerMinute = 0));
        var signed = (gateway.Request() with
        {
            Method = "POST", Body = Order, Nonce = "n", Fields = new Dictionary<string, string> { ["X-One"] = "1", ["X-Two"] = "a, b" },
            Components = ["@method", "@target-uri", "@authority", "@path", "@query", "@request-target", "@scheme", "x-one", "x-two"],
        }).WithDigest();
        var fields = signed.Sign(SignedGateway.Hmac);
        Assert.Equal(200, (await gateway.SendAsync(signed, fields)).Status);
        Assert.Equal(200, (await gateway.SendAsync(signed, fields)).Status);
        var served = gateway.Served;
        foreach (var changed in (SignedRequest[])
        [
            signed with { Method = "PUT" }, signed with { Address = new(gateway.Address, "/own/orders?page=2") }, signed with { Address = new(gateway.Address, "/own/orders") },
            signed with { Address = new(gateway.Address, "/own/Orders?page=1") }, signed with { Address = new(gateway.Address, "/own/orders/?page=1") }, 
            signed with { Address = new($"{gateway.Address}own/%6frders?page=1", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }) },
            signed with { Body = [.. Order, 32] }, signed with { Body = [] }, signed with { Body = null },
        ])
        {
            Assert.Equal(401, (await gateway.SendAsync(changed, fields)).Status);
        }

        foreach (var (name, value) in ((string, string)[])
        [
            ("X-One", "2"), ("X-One", ""), ("X-One", "1, 1"), ("X-Two", "b, a"), ("X-Two", "a,b"), ("Host", "other.example"), ("Content-Digest", ContentDigest.Of([])),
        ])
        {
            Assert.Equal(401, (await gateway.SendAsync(signed, [.. fields.Where(field => field.Name != name), (name, value)])).Status);
        }

        var input = fields.Single(static field => field.Name is "Signature-Input").Value;
        foreach (var other in (string[])
        [
            input.Replace("\"x-one\" ", "", StringComparison.Ordinal), input.Replace("\"x-one\" \"x-two\"", "\"x-two\" \"x-one\"", StringComparison.Ordinal), input + ";expires=9999999999", input.Replace("nonce=\"n\"", "nonce=\"m\"", StringComparison.Ordinal),
            input.Replace(";nonce=\"n\"", "", StringComparison.Ordinal), System.Text.RegularExpressions.Regex.Replace(input, "created=([0-9]+)", static match => $"created={long.Parse(match.Groups[1].Value, null) + 1}"), input + ";alg=\"rsa-pss-sha512\"",
        ])
        {
            Assert.NotEqual(input, other);
            Assert.Equal(401, (await gateway.SendAsync(signed, [.. fields.Where(static field => field.Name is not "Signature-Input"), ("Signature-Input", other)])).Status);
        }

        var bytes = Convert.FromBase64String(fields.Single(static field => field.Name is "Signature").Value["sig1=:".Length..^1]);
        foreach (var value in Enumerable.Range(0, bytes.Length * 8).Select(bit => Flip(bytes, bit)).Append(bytes[..^1]).Append([]).Append([.. bytes, 0]).Append(new byte[bytes.Length]))
        {
            Assert.Equal(401, (await gateway.SendAsync(signed, [.. fields.Where(static field => field.Name is not "Signature"), ("Signature", $"sig1=:{Convert.ToBase64String(value)}:")])).Status);
        }

        Assert.Equal(served, gateway.Served);

        static byte[] Flip(byte[] bytes, int bit)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            return flipped;
        }
    }

    [Fact]
    public async Task What_came_once_does_not_come_again()
    {
        await using var gateway = await SignedGateway.StartAsync();
        var request = gateway.Request();
        var fields = request.Sign(SignedGateway.Hmac);
        Assert.Equal(200, (await gateway.SendAsync(request, fields)).Status);
        Assert.Equal(401, (await gateway.SendAsync(request, fields)).Status);
        var later = request with { Nonce = "n", Created = request.Created!.Value.AddSeconds(-1) };
        Assert.Equal(200, (await gateway.AskAsync(later)).Status);
        Assert.Equal(401, (await gateway.AskAsync(later with { Created = request.Created!.Value.AddSeconds(-2), Address = new(gateway.Address, "/own/other") })).Status);
    }

    [Fact]
    public async Task Signature_that_can_be_written_in_two_ways_comes_once()
    {
        var (key, known) = SignedGateway.Pair(SigningAlgorithm.EcdsaP256Sha256);
        await using var gateway = await SignedGateway.StartAsync(consumer: new() { Id = "acme", SigningKeys = [known] });
        var request = gateway.Request();
        Assert.Equal(200, (await gateway.AskAsync(request, key)).Status);

        // The same text with another number for the same curve: nobody needs the message to make it.
        Assert.Equal(401, (await gateway.AskAsync(request, key)).Status);
    }

    [Fact]
    public async Task Of_many_at_once_one_is_served()
    {
        await using var gateway = await SignedGateway.StartAsync();
        var request = (gateway.Request() with { Method = "POST", Body = Order }).WithDigest();
        var fields = request.Sign(SignedGateway.Hmac);
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => gateway.SendAsync(request, fields)));
        Assert.Equal((1, 63), (answers.Count(static answer => answer.Status is 200), answers.Count(static answer => answer.Status is 401)));
        Assert.Equal(1, gateway.Served);
    }

    [Fact]
    public async Task Nobody_is_let_in_when_nobody_can_tell_whether_they_came_before()
    {
        await using var gateway = await SignedGateway.StartAsync(new() { MaxRemembered = 1 });
        Assert.Equal(200, (await gateway.AskAsync(gateway.Request() with { Nonce = "1" })).Status);
        var answer = await gateway.AskAsync(gateway.Request() with { Nonce = "2" });
        Assert.Equal(503, answer.Status);
        Assert.Contains("auth-unavailable", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Body_is_read_up_to_the_limit_and_no_further(string version)
    {
        await using var gateway = await SignedGateway.StartAsync(protocols: version is "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1);
        var most = gateway.Request("/route/") with { Method = "POST", Body = SignedRequest.Random(1_048_576) };
        Assert.Equal(200, (await gateway.AskAsync(most.WithDigest(), version: Version.Parse(version))).Status);
        Assert.Equal(most.Body, gateway.SeenBody);
        Assert.Equal(413, (await gateway.AskAsync((most with { Body = SignedRequest.Random(1_048_577) }).WithDigest(), version: Version.Parse(version))).Status);
        Assert.Equal(1, gateway.Served);
    }

    [Fact]
    public async Task Body_may_be_covered_by_the_digest_of_what_it_represents()
    {
        await using var gateway = await SignedGateway.StartAsync();
        var request = (gateway.Request() with { Method = "POST", Body = Order }).WithDigest("Repr-Digest");
        var fields = request.Sign(SignedGateway.Hmac);
        Assert.Equal(401, (await gateway.SendAsync(request with { Body = "x"u8.ToArray() }, fields)).Status);
        Assert.Equal(200, (await gateway.SendAsync(request, fields)).Status);
    }

    [Fact]
    public async Task Body_may_stream_without_a_digest_where_that_is_allowed()
    {
        await using var gateway = await SignedGateway.StartAsync(new() { RequireDigest = false });
        Assert.Equal(200, (await gateway.AskAsync(gateway.Request() with { Method = "POST", Body = Order })).Status);
        var covered = (gateway.Request("/own/2") with { Method = "POST", Body = Order }).WithDigest();
        Assert.Equal(401, (await gateway.SendAsync(covered with { Body = [1] }, covered.Sign(SignedGateway.Hmac))).Status);
    }

    [Fact]
    public async Task First_signature_whose_key_is_known_counts()
    {
        await using var gateway = await SignedGateway.StartAsync();
        var request = gateway.Request();
        var foreign = (request with { Label = "proxy", KeyId = "of-the-proxy" }).Sign(SignatureKey.Hmac(new byte[32]));
        Assert.Equal("acme by acme-1", (await gateway.SendAsync(request, [.. foreign, .. request.Sign(SignedGateway.Hmac)])).Consumer);
    }

    [Fact]
    public async Task Caller_who_may_not_is_told_so()
    {
        await using var gateway = await SignedGateway.StartAsync(new() { Scopes = ["orders:write"] });
        Assert.Equal((403, 0), ((await gateway.AskAsync(gateway.Request())).Status, gateway.Served));
    }

    [Fact]
    public async Task Weak_padding_counts_where_it_is_allowed_only()
    {
        var (key, known) = SignedGateway.Pair(SigningAlgorithm.RsaV15Sha256);
        await using var gateway = await SignedGateway.StartAsync(consumer: new() { Id = "acme", SigningKeys = [known] });
        Assert.Equal(401, (await gateway.AskAsync(gateway.Request(), key)).Status);
    }

    [Fact]
    public async Task Store_that_is_away_lets_nobody_in()
    {
        await using var gateway = await SignedGateway.StartAsync(services: static builder => builder.AddConsumerStore<LostStore>());
        Assert.Equal((503, 0), ((await gateway.AskAsync(gateway.Request() with { KeyId = "elsewhere" })).Status, gateway.Served));
    }

    [Fact]
    public async Task Shadow_lets_everybody_in_and_changes_nothing()
    {
        await using var gateway = await SignedGateway.StartAsync(new() { Mode = PolicyMode.Shadow, MaxBodyBytes = 1 });
        var request = (gateway.Request("/route/") with { Method = "POST", Body = Order, KeyId = "nobody" }).WithDigest();
        Assert.Equal(200, (await gateway.AskAsync(request)).Status);
        Assert.StartsWith("sig1=:", gateway.SeenSignature, StringComparison.Ordinal);
        Assert.Equal(200, (await gateway.AskAsync(request with { KeyId = "acme-1" })).Status);
        Assert.Equal(Order, gateway.SeenBody);
    }

    [Fact]
    public async Task One_of_several_ways_is_enough()
    {
        await using var gateway = await SignedGateway.WithAsync(
            static group => group.RequireAnyOf(new SignaturePolicy(), new HeaderIdentityPolicy()),
            static builder => builder.AddPolicy<HeaderIdentityPolicy, HeaderIdentityFilterFactory>("HeaderIdentity"));
        var request = gateway.Request();
        Assert.Equal("acme by acme-1", (await gateway.AskAsync(request)).Consumer);
        Assert.Equal(200, (await gateway.SendAsync(request, [("X-Caller", "bolt||")])).Status);
        Assert.Equal(401, (await gateway.SendAsync(request, [("X-Caller", "bolt||"), .. request.Sign(SignatureKey.Hmac(new byte[32]))])).Status);
        Assert.Equal("Signature realm=\"gatewaykit\", Header", (await gateway.SendAsync(request, [])).Challenge);
    }

    [Fact]
    public async Task No_secret_and_no_signature_is_told_to_anybody()
    {
        using var log = new LogRecorder();
        await using var gateway = await SignedGateway.StartAsync(services: builder => builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log)));
        var request = (gateway.Request("/route/") with { Method = "POST", Body = Order }).WithDigest();
        var fields = request.Sign(SignedGateway.Hmac);
        var signature = fields.Single(static field => field.Name is "Signature").Value["sig1=:".Length..^1];
        var answers = new List<SignedAnswer> { await gateway.SendAsync(request, fields), await gateway.SendAsync(request, fields), await gateway.SendAsync(request with { Body = [] }, fields) };
        Assert.Equal([200, 401, 401], answers.Select(static answer => answer.Status));
        var told = string.Join('\n', log.Take(EventIds.RequestRefused).Select(static entry => entry.Message).Concat(answers.Select(static answer => answer.Body + answer.Challenge)));
        Assert.Contains("replayed", told, StringComparison.Ordinal);
        Assert.DoesNotContain(SignedGateway.SecretText, told, StringComparison.Ordinal);
        Assert.DoesNotContain(signature, told, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Signature_is_asked_for_over_every_transport(AccessTransport transport, string path)
    {
        await using var gateway = await SignedGateway.StartAsync(protocols: AccessTransports.ProtocolOf(transport));
        var isGrpc = transport is AccessTransport.Grpc;
        var request = new SignedRequest
        {
            Address = new(gateway.Address, path),
            Method = isGrpc ? "POST" : transport is AccessTransport.WebSocketOverHttp2 ? "CONNECT" : "GET",
            Components = ["@method", "@authority", "@path", "@query"],
            Body = isGrpc ? new byte[5] : null,
        };
        var refused = await AccessTransports.AskAsync(request.Address, transport);
        Assert.Equal((false, isGrpc ? -16 : 401, 0), (refused.IsServed, refused.Status, gateway.Served));
        Assert.True((await AccessTransports.AskAsync(request.Address, transport, (isGrpc ? request.WithDigest() : request).Sign(SignedGateway.Hmac))).IsServed);
    }

    public static TheoryData<AccessTransport, string> Cells() =>
        new(from transport in Enum.GetValues<AccessTransport>() from path in new[] { "/route", "/own" } select (transport, path));

    private sealed class LostStore : IConsumerStore
    {
        public string Name => "lost";

        public ValueTask<Consumer?> FindAsync(CredentialKind kind, string id, CancellationToken cancellationToken) => throw new IOException();

        public ValueTask<ConsumerChanges> ReadChangesAsync(string? cursor, CancellationToken cancellationToken) => throw new IOException();
    }
}
