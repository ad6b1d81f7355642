using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.FunctionalTests.Auditing;
using GatewayKit.FunctionalTests.Identity.Introspection;
using GatewayKit.FunctionalTests.Identity.RequestSignatures;
using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.Introspection;
using GatewayKit.Identity.RequestSignatures;
using GatewayKit.Identity.Signatures;
using GatewayKit.Identity.Upstream;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Identity.TowardsDestinations;

/// <summary>
/// Sixty secrets of all kinds, in requests that are served, refused and failed: none is in a log, a tag of a metric, a problem, the audit journal, an exception or a dump, and of those that the
/// gateway checks none is in what a destination gets. Bodies are recorded, and clients and destinations repeat in them what they were sent.
/// </summary>
public sealed class SixtyCanariesTests
{
    private const string ClientSecret = "CANARY-client-secret", StaticSecret = "CANARY-static-secret", SigningSecret = "CANARY-upstream-signing-secret-of-32-bytes", Description = "CANARY-error-description";

    private readonly ApiKey[] _keys = Make(10), _queryKeys = Make(5), _wrongKeys = Make(10);
    private readonly string[] _held = Names("held", 10), _refused = Names("refused", 10), _malformed = Names("malformed", 5), _signing = Names("signing-secret-of-more-than-32-bytes", 5);
    private readonly string[] _words = [$"{Description}-1", $"{Description}-2"];
    private readonly ConcurrentQueue<string> _forwarded = new();

    [Fact]
    public async Task No_secret_is_anywhere()
    {
        string[] checkedHere = [.. _keys.Concat(_queryKeys).Concat(_wrongKeys).Select(SecretOf), .. _held, .. _refused, .. _malformed, .. _signing, .. _words, ClientSecret, SigningSecret];
        Assert.Equal(60, checkedHere.Append(StaticSecret).Distinct().Count());
        for (var i = 0; i < _signing.Length; i++)
        {
            Environment.SetEnvironmentVariable($"GATEWAYKIT_CANARY_{i}", _signing[i]);
        }

        foreach (var (name, value) in ((string, string)[])[("CLIENT", ClientSecret), ("STATIC", StaticSecret), ("SIGN", SigningSecret)])
        {
            Environment.SetEnvironmentVariable($"GATEWAYKIT_CANARY_{name}", value);
        }

        using var written = new EverythingWritten();
        await using var server = await IntrospectionServer.StartAsync();
        foreach (var token in _held)
        {
            server.Issue(token, "shop", more: $", \"email\": \"{_words[0]}\"");
        }

        await using var host = await StartAsync(server, written);
        await AskAllAsync(host, written);

        // Whatever the server says in place of an answer.
        foreach (var (status, body) in ((int, string)[])[(500, _words[1]), (401, $"{{ \"error\": \"{_words[1]}\" }}"), (200, _words[1])])
        {
            server.Answer = context => IntrospectionServer.SayAsync(context, status, body);
            await SendAsync(host, written, "/route/x", ("Authorization", $"Bearer {_held[0]}-{status}"));
        }

        var all = written.ToText(host.Gateway.App.Services);
        var ofGateway = written.WithoutRequestLog;
        var journal = string.Join('\n', await host.StopAndReadAsync());
        var forwarded = string.Join('\n', _forwarded);

        // What is public is there: nobody has looked into empty places.
        Assert.Contains("gatewaykit.identity.checks", all, StringComparison.Ordinal);
        Assert.Contains("\"code\":", all, StringComparison.Ordinal);
        Assert.Contains("A handler failed", all, StringComparison.Ordinal);
        Assert.Contains("env:GATEWAYKIT_CANARY_CLIENT", all, StringComparison.Ordinal);
        Assert.Contains("acme", journal, StringComparison.Ordinal);
        Assert.Contains("/route/", journal, StringComparison.Ordinal);
        Assert.Contains("\\\"sent\\\":[", journal, StringComparison.Ordinal);
        Assert.Contains("[credential]", journal, StringComparison.Ordinal);
        Assert.Contains(StaticSecret, forwarded, StringComparison.Ordinal);
        foreach (var (place, text) in ((string, string)[])[("written", all), ("journal", journal), ("forwarded", forwarded)])
        {
            foreach (var canary in place is "forwarded" ? checkedHere : [.. checkedHere, StaticSecret])
            {
                // That keys in addresses are written down by request logs is what the gateway warns of (event 1910).
                var looked = place is "written" && Array.Exists(_queryKeys, key => SecretOf(key) == canary) ? ofGateway : text;
                Assert.False(looked.Contains(canary, StringComparison.OrdinalIgnoreCase), $"{canary} is in {place}: {looked.Split('\n').FirstOrDefault(line => line.Contains(canary, StringComparison.OrdinalIgnoreCase))}");
                Assert.False(text.Contains(Convert.ToBase64String(Encoding.ASCII.GetBytes(canary))[..16], StringComparison.Ordinal), $"{canary} is in {place}, in base64.");
            }
        }
    }

    private async Task AskAllAsync(AuditedHost host, EverythingWritten written)
    {
        foreach (var path in (string[])["/route/x", "/own/x", "/own/fail", "/route/fail", "/route/echo", "/own/echo"])
        {
            foreach (var key in _keys.Concat(_wrongKeys))
            {
                await SendAsync(host, written, path, ("X-Api-Key", key.Reveal()));
            }

            foreach (var key in _queryKeys)
            {
                await SendAsync(host, written, $"{path}?key={key.Reveal()}&page=1");
            }

            foreach (var token in _held.Concat(_refused).Concat(_malformed.Select(static token => $"{token} x")))
            {
                await SendAsync(host, written, path, ("Authorization", $"Bearer {token}"));
            }

            for (var i = 0; i < _signing.Length; i++)
            {
                var request = new SignedRequest { Address = new(host.Gateway.Address, path), KeyId = $"signing-{i}", Nonce = path };
                await SendAsync(host, written, path, request.Sign(SignatureKey.Hmac(Encoding.UTF8.GetBytes(_signing[i]))));
                await SendAsync(host, written, path, (request with { Nonce = null }).Sign(SignatureKey.Hmac(new byte[32])));
            }

            // Two ways, and a field that nobody reads.
            await SendAsync(host, written, path, ("X-Api-Key", _keys[0].Reveal()), ("Authorization", $"Bearer {_refused[0]}"));
            await SendAsync(host, written, path, ("X-Api-Key", _keys[0].Reveal()), ("Authorization", $"DPoP {_held[0]}"));
        }
    }

    private static async Task SendAsync(AuditedHost host, EverythingWritten written, string path, params (string Name, string Value)[] fields)
    {
        var isEcho = path.Contains("/echo", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(isEcho ? HttpMethod.Post : HttpMethod.Get, path);
        if (isEcho)
        {
            var sent = string.Join(',', fields.Select(static field => $"\"{JsonEncodedText.Encode(field.Value)}\"").Append($"\"{path}\""));
            request.Content = fields.Length % 2 is 0
                ? new StringContent(string.Join(' ', fields.Select(static field => field.Value).Append(path)), Encoding.UTF8, "text/plain")
                : new StringContent($"{{\"sent\":[{sent}]}}", Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in fields)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var content = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        written.Add($"{response}{(isEcho ? string.Empty : content)}");
    }

    private async Task<AuditedHost> StartAsync(IntrospectionServer server, EverythingWritten written) => await AuditedHost.StartAsync(
        context =>
        {
            _forwarded.Enqueue($"{context.Request.Path}{context.Request.QueryString} {string.Join(' ', context.Request.Headers)}");
            if (context.Request.Path.Value!.EndsWith("/fail", StringComparison.Ordinal))
            {
                context.Abort();
                return Task.CompletedTask;
            }

            return context.Request.Path.Value!.EndsWith("/echo", StringComparison.Ordinal) ? EchoAsync(context) : context.Response.WriteAsync("served");
        },
        app =>
        {
            var group = app.MapGroup("").WithAuditing(new AuditPolicy { Body = new() { Request = true, Response = true, ContentTypes = ["application/json", "text/*"], AllowUnencrypted = true } }).RequireAnyOf(
                new ApiKeyPolicy { QueryParameter = "key" },
                new IntrospectionPolicy { Name = "partners", Endpoint = server.Endpoint, ClientId = "gateway", ClientSecret = SecretReference.Parse("env:GATEWAYKIT_CANARY_CLIENT"), Audiences = ["orders"] },
                new SignaturePolicy());
            group.MapGatewayRoute("/route/{**rest}", cluster: "up").WithUpstreamCredentials(new()
            {
                Static = new() { Header = "X-Static", Value = SecretReference.Parse("env:GATEWAYKIT_CANARY_STATIC") },
                Sign = new() { Key = SecretReference.Parse("env:GATEWAYKIT_CANARY_SIGN"), KeyId = "gateway" },
            });
            group.MapGet("/own/fail", string () => throw new InvalidOperationException("A handler failed."));
            group.MapPost("/own/echo", EchoAsync);
            group.MapGet("/own/{**rest}", static () => "own");
        },
        builder =>
        {
            builder.Services.AddLogging(static logging => logging.SetMinimumLevel(LogLevel.Trace));
            builder.Services.AddSingleton<ILoggerProvider>(written);
            builder.Services.Configure<ApiKeyOptions>(static options => options.FailuresPerMinute = 0);
            builder.AddConsumers(
            [
                .. _keys.Concat(_queryKeys).Select(static (key, number) => new Consumer { Id = $"acme-{number}", Keys = [key.ToStored()] }),
                new Consumer
                {
                    Id = "acme",
                    Identities = ["introspection/partners/shop"],
                    SigningKeys = [.. Enumerable.Range(0, _signing.Length).Select(static i => new ConsumerSigningKey { Id = $"signing-{i}", Algorithm = SigningAlgorithm.HmacSha256, Secret = SecretReference.Parse($"env:GATEWAYKIT_CANARY_{i}") })],
                },
            ]);
        });

    // All that came, as some services do in their messages of errors.
    private static async Task EchoAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var isJson = context.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) is true;
        context.Response.ContentType = isJson ? "application/json" : "text/plain";
        var fields = string.Join(' ', context.Request.Headers.Select(static field => $"{field.Key}: {field.Value}"));
        await context.Response.WriteAsync(isJson ? $"{{\"fields\":\"{JsonEncodedText.Encode(fields)}\",\"received\":{body}}}" : $"{fields} {body} end");
    }

    // What follows the public part.
    private static string SecretOf(ApiKey key) => key.Reveal()[(key.Reveal().IndexOf(key.Id, StringComparison.Ordinal) + key.Id.Length + 1)..];

    private static ApiKey[] Make(int count) => [.. Enumerable.Range(0, count).Select(static _ => ApiKey.Create())];

    private static string[] Names(string what, int count) => [.. Enumerable.Range(0, count).Select(number => $"CANARY-{what}-{number}")];
}
