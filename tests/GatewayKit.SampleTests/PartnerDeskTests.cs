extern alias PartnerDeskApp;

using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.SampleTests;

/// <summary>The sample with the admin API: who gets in, and a partner from its first call to its last.</summary>
public sealed class PartnerDeskTests : IDisposable
{
    private const string Audience = "http://127.0.0.1:5200";
    private const string Issuer = "dotnet-user-jwts";

    private readonly byte[] _signingKey = RandomNumberGenerator.GetBytes(32);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gatewaykit-desk");
    private readonly WebApplicationFactory<PartnerDeskApp::Program> _app;

    public PartnerDeskTests() => _app = new WebApplicationFactory<PartnerDeskApp::Program>().WithWebHostBuilder(host =>
    {
        // What `dotnet user-jwts` writes into the user secrets.
        host.UseSetting("Authentication:Schemes:Bearer:ValidIssuer", Issuer);
        host.UseSetting("Authentication:Schemes:Bearer:ValidAudiences:0", Audience);
        host.UseSetting("Authentication:Schemes:Bearer:SigningKeys:0:Issuer", Issuer);
        host.UseSetting("Authentication:Schemes:Bearer:SigningKeys:0:Value", Convert.ToBase64String(_signingKey));

        // However long the calls take.
        host.ConfigureAppConfiguration(static configuration => configuration.AddInMemoryCollection([KeyValuePair.Create("Gateway:Plans:small:Throttle:RequestsPerSecond", (string?)"0.001")]));
        host.UseSetting("ConnectionStrings:Consumers", $"Data Source={Path.Combine(_directory.FullName, "consumers.db")};Pooling=False");
    });

    public void Dispose()
    {
        _app.Dispose();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("partner", HttpStatusCode.Forbidden)]
    [InlineData("gateway-admin", HttpStatusCode.OK)]
    public async Task Only_administrators_get_in(string? role, HttpStatusCode status)
    {
        using var client = Client(role);
        using var answer = await client.GetAsync("/gateway-admin/consumers");
        Assert.Equal((status, true), (answer.StatusCode, answer.Headers.CacheControl?.NoStore is true));
    }

    [Fact]
    public async Task Partner_is_onboarded_calls_and_is_withdrawn()
    {
        using var admin = Client("gateway-admin");
        using var made = await admin.PostAsync(
            "/gateway-admin/consumers", Json("""{ "Id": "acme", "Applications": { "shop": { "Subscriptions": { "orders": { "Plan": "small" } } } } }"""));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var key = (await made.Content.ReadFromJsonAsync<JsonObject>())!["NewKey"]!;

        using var partner = _app.CreateClient();
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync());
        partner.DefaultRequestHeaders.Add("X-Api-Key", (string)key["Key"]!);
        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests],
            new[] { await CallAsync(), await CallAsync(), await CallAsync(), await CallAsync() });

        using var revoked = await admin.PostAsync($"/gateway-admin/consumers/acme/keys/{key["Id"]}/revoke", content: null);
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);

        // Seen within 5 s, by every instance.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await CallAsync() is not HttpStatusCode.Unauthorized)
        {
            await Task.Delay(100, limit.Token);
        }

        async Task<HttpStatusCode> CallAsync()
        {
            using var answer = await partner.GetAsync("/orders/1");
            return answer.StatusCode;
        }
    }

    private static StringContent Json(string json) => new(json, MediaTypeHeaderValue.Parse("application/json"));

    private HttpClient Client(string? role)
    {
        var client = _app.CreateClient();
        client.DefaultRequestHeaders.Add("X-Gateway-Admin", "1");
        client.DefaultRequestHeaders.Authorization = role is null ? null : new("Bearer", Token(role));
        return client;
    }

    // As `dotnet user-jwts create --role` makes them.
    private string Token(string role)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var signed = string.Join('.', new object[]
        {
            new { alg = "HS256", typ = "JWT" },
            new { sub = "ann", role, aud = Audience, iss = Issuer, nbf = now - 60, exp = now + 600 },
        }.Select(static part => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part))));
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(_signingKey, System.Text.Encoding.ASCII.GetBytes(signed)))}";
    }
}
