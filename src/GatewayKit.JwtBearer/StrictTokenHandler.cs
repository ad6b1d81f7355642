using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GatewayKit.JwtBearer;

/// <summary>Checks tokens: first what they look like, then the key they name, then the framework's handler with that key alone.</summary>
internal sealed class StrictTokenHandler : TokenHandler
{
    private readonly GatewayJwtOptions _options;
    private readonly IssuerKeys _keys;
    private readonly TimeProvider _time;
    private readonly JsonWebTokenHandler _inner;
    private readonly TokenValidationParameters _parameters;

    public StrictTokenHandler(GatewayJwtOptions options, IssuerKeys keys, TimeProvider time)
    {
        (_options, _keys, _time, MaximumTokenSizeInBytes) = (options, keys, time, options.MaxTokenBytes);
        _inner = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = options.MaxTokenBytes };
        _parameters = new()
        {
            ValidIssuer = options.Issuer,
            ValidAudiences = [.. options.Audiences],
            ValidAlgorithms = options.EffectiveAlgorithms,
            ClockSkew = options.ClockSkew,
            LifetimeValidator = IsAlive,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            RequireAudience = true,

            // The framework takes "orders/" for "orders": not what was said.
            IgnoreTrailingSlashWhenValidatingAudience = false,
            ValidateIssuerSigningKey = true,
            TryAllIssuerSigningKeys = false,
            NameClaimType = "sub",
            RoleClaimType = "roles",
        };
    }

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        if (TokenShape.Read(token, _options, out var shape) is { } fault)
        {
            return Refuse(fault);
        }

        var key = await _keys.FindAsync(shape!.KeyId, key => Fits(key, shape.Algorithm)).ConfigureAwait(false);
        if (key is null)
        {
            return Refuse("The issuer has no such key.");
        }

        // The key that was found, whatever its id says: a token without one names none.
        var parameters = _parameters.Clone();
        parameters.IssuerSigningKeyResolver = (_, _, _, _) => [key];
        return await _inner.ValidateTokenAsync(token, parameters).ConfigureAwait(false);
    }

    // RFC 7518 §3.1: a key of one kind serves the algorithms of that kind, and the one that it is for.
    private static bool Fits(SecurityKey key, string algorithm) => key is JsonWebKey web
        && (string.IsNullOrEmpty(web.Alg) || web.Alg == algorithm)
        && algorithm switch
        {
            "ES256" => web is { Kty: "EC", Crv: "P-256" },
            "ES384" => web is { Kty: "EC", Crv: "P-384" },
            "ES512" => web is { Kty: "EC", Crv: "P-521" },
            _ => web.Kty == "RSA",
        };

    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return expires is { } end && now - parameters.ClockSkew < end && !(notBefore is { } begin && begin > now + parameters.ClockSkew);
    }

    private static TokenValidationResult Refuse(string fault) => new() { IsValid = false, Exception = new SecurityTokenValidationException(fault) };
}
