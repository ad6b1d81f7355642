using System.Collections.Concurrent;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using GatewayKit.FunctionalTests.Hosting;
using GatewayKit.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace GatewayKit.JwtBearerTests.Hosting;

/// <summary>A real OpenID provider: OpenIddict, with the keys that it is told to have. Started again at its address it may have others.</summary>
internal sealed class OpenIdServer : IAsyncDisposable
{
    public const string Secret = "shared-by-two";

    private readonly TestHost _host;
    private readonly ConcurrentDictionary<string, bool> _revoked;

    private OpenIdServer(TestHost host, ConcurrentDictionary<string, bool> revoked) => (_host, _revoked) = (host, revoked);

    public Uri Address => _host.Address;

    /// <summary>Starts it.</summary>
    /// <param name="keys">What signs: the first one. The others are published beside it.</param>
    /// <param name="port">Where; zero for anywhere.</param>
    public static async Task<OpenIdServer> StartAsync(RSA[] keys, int port = 0)
    {
        port = port == 0 ? FreePort.Next() : port;
        var revoked = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var host = await TestHost.StartAsync(
            builder =>
            {
                builder.WebHost.ConfigureKestrel(kestrel => kestrel.Configure().Options.ListenLocalhost(port, static listen => listen.Protocols = HttpProtocols.Http1));
                builder.Services.AddOpenIddict().AddServer(options =>
                {
                    options.EnableDegradedMode().SetIssuer(new Uri($"http://localhost:{port}/")).SetTokenEndpointUris("token").SetIntrospectionEndpointUris("introspect").AllowClientCredentialsFlow();
                    options.AddEphemeralEncryptionKey().DisableAccessTokenEncryption().RegisterScopes("orders:read", "orders:write");
                    foreach (var key in keys)
                    {
                        options.AddSigningKey(new RsaSecurityKey(key) { KeyId = IdOf(key) });
                    }

                    options.UseAspNetCore().DisableTransportSecurityRequirement();
                    options.AddEventHandler<ValidateTokenRequestContext>(static handler => handler.UseInlineHandler(static context =>
                    {
                        if (context.ClientSecret != Secret)
                        {
                            context.Reject(OpenIddictConstants.Errors.InvalidClient);
                        }

                        return default;
                    }));
                    options.AddEventHandler<HandleTokenRequestContext>(static handler => handler.UseInlineHandler(static context =>
                    {
                        var identity = new ClaimsIdentity(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
                        identity.SetClaim(OpenIddictConstants.Claims.Subject, context.ClientId).SetScopes(context.Request.GetScopes()).SetResources("orders");
                        identity.SetDestinations(static _ => [OpenIddictConstants.Destinations.AccessToken]);
                        context.SignIn(new ClaimsPrincipal(identity));
                        return default;
                    }));
                    options.AddEventHandler<ValidateIntrospectionRequestContext>(static handler => handler.UseInlineHandler(static context =>
                    {
                        if (context.ClientSecret != Secret)
                        {
                            context.Reject(OpenIddictConstants.Errors.InvalidClient);
                        }

                        return default;
                    }));
                    options.AddEventHandler<HandleIntrospectionRequestContext>(handler => handler.UseInlineHandler(context =>
                    {
                        context.Scopes.UnionWith(context.GenericTokenPrincipal.GetScopes());
                        if (revoked.ContainsKey(context.Request.Token!))
                        {
                            context.Reject(OpenIddictConstants.Errors.InvalidToken);
                        }

                        return default;
                    }));
                });
            },
            static app => app.UseAuthentication());

        // A cold server may take longer for its first answer than a gateway waits for one.
        var server = new OpenIdServer(host, revoked) { Name = $"http://localhost:{port}/" };
        foreach (var path in new[] { ".well-known/openid-configuration", ".well-known/jwks" })
        {
            await host.Client.GetStringAsync(new Uri($"{server.Name}{path}"), TestContext.Current.CancellationToken);
        }

        return server;
    }

    public string Name { get; private init; } = string.Empty;

    public int Port => new Uri(Name).Port;

    /// <summary>Has it issue an access token (RFC 6749 §4.4).</summary>
    public async Task<string> TokenAsync(string client, string scope = "orders:read")
    {
        using var content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("client_id", client), new("client_secret", Secret), new("scope", scope)]);
        using var response = await _host.Client.PostAsync(new Uri($"{Name}token"), content, TestContext.Current.CancellationToken);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        return (string?)answer["access_token"] ?? throw new InvalidOperationException(answer.ToJsonString());
    }

    /// <summary>Has it say of a token that it is not active any more.</summary>
    public void Revoke(string token) => _revoked[token] = true;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static string IdOf(RSA key) => Convert.ToHexString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..12];
}
