using System.Security.Claims;
using GatewayKit.Identity.Schemes;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Identity.Schemes;

/// <summary>A scheme that takes people at their word: <c>Authorization: Word client_id=acme;scope=a b</c>. Words of a single part are failures; the scheme <c>Picky</c> fails at what is not its own.</summary>
internal sealed class WordScheme(WordCount count) : IAuthenticationHandler
{
    private AuthenticationScheme _scheme = null!;
    private HttpContext _context = null!;

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        (_scheme, _context) = (scheme, context);
        return Task.CompletedTask;
    }

    public Task<AuthenticateResult> AuthenticateAsync()
    {
        count.Add();
        var text = _context.Request.Headers.Authorization.ToString();
        if (!text.StartsWith($"{_scheme.Name} ", StringComparison.Ordinal))
        {
            return Task.FromResult(_scheme.Name is "Picky" && text.Length > 0 ? AuthenticateResult.Fail("of another issuer") : AuthenticateResult.NoResult());
        }

        var word = text[(_scheme.Name.Length + 1)..];
        return word switch
        {
            "wrong" => Task.FromResult(AuthenticateResult.Fail("wrong")),
            "anonymous" => Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity()), _scheme.Name))),
            "unavailable" => Task.FromResult(AuthenticateResult.Fail(new AuthenticationUnavailableException())),
            "unreachable" => Task.FromResult(AuthenticateResult.Fail(new InvalidOperationException("no keys", new HttpRequestException("refused")))),
            _ when word.StartsWith("throws", StringComparison.Ordinal) => throw new InvalidOperationException($"cannot read {text}"),
            _ => Task.FromResult(AuthenticateResult.Success(new(
                new ClaimsPrincipal(new ClaimsIdentity(word.Split(';').Select(static pair => pair.Split('=')).Select(static pair => new Claim(pair[0], Uri.UnescapeDataString(pair[1]))), _scheme.Name)), _scheme.Name))),
        };
    }

    public Task ChallengeAsync(AuthenticationProperties? properties)
    {
        _context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        _context.Response.Headers.Append("WWW-Authenticate", $"{_scheme.Name} realm=\"words\"");
        return Task.CompletedTask;
    }

    public Task ForbidAsync(AuthenticationProperties? properties)
    {
        _context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}

/// <summary>How often the schemes were asked.</summary>
internal sealed class WordCount
{
    private int _asked;

    public int Asked => _asked;

    public void Add() => Interlocked.Increment(ref _asked);
}

internal static class WordSchemes
{
    /// <summary>Adds schemes of these names, the first of which is the default.</summary>
    public static AuthenticationBuilder AddWords(this IServiceCollection services, params string[] names)
    {
        services.AddSingleton<WordCount>().AddTransient<WordScheme>();
        return services.AddAuthentication(options =>
        {
            options.DefaultScheme = names.FirstOrDefault();
            foreach (var name in names)
            {
                options.AddScheme<WordScheme>(name, displayName: null);
            }
        });
    }
}
