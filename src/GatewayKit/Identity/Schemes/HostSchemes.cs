using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.Identity.Schemes;

/// <summary>The authentication schemes of the host, if it has any.</summary>
internal sealed class HostSchemes(IServiceProvider services)
{
    private readonly Lazy<string[]> _cookies = new(() =>
    [
        .. All(services).Where(static scheme => typeof(CookieAuthenticationHandler).IsAssignableFrom(scheme.HandlerType))
            .Select(scheme => services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(scheme.Name).Cookie.Name).OfType<string>(),
    ]);

    /// <summary>Whether the host authenticates at all.</summary>
    public bool ArePresent => services.GetService<IServiceProviderIsService>()?.IsService(typeof(IAuthenticationService)) is true;

    /// <summary>The names of all.</summary>
    public IReadOnlyList<string> Names => [.. All(services).Select(static scheme => scheme.Name)];

    /// <summary>The names of the cookies that sign in.</summary>
    public IReadOnlyList<string> CookieNames => _cookies.Value;

    /// <summary>A scheme by its name, or the default one.</summary>
    public AuthenticationScheme? Find(string? name) => Provider is not { } provider ? null : Now(name is null ? provider.GetDefaultAuthenticateSchemeAsync() : provider.GetSchemeAsync(name));

    /// <summary>The name of the default scheme to challenge with.</summary>
    public string? DefaultChallenge => Provider is { } provider ? Now(provider.GetDefaultChallengeSchemeAsync())?.Name : null;

    /// <summary>Whether a scheme reads a cookie: by itself, or of another scheme that what happens elsewhere signs in to.</summary>
    public bool UsesCookie(string? name) =>
        Find(name)?.HandlerType is { } handler && (typeof(CookieAuthenticationHandler).IsAssignableFrom(handler) || IsRemote(handler));

    /// <summary>Whether a text begins with the name of a scheme, or of one of the gateway's own ways, and a slash.</summary>
    public bool IsQualified(string text)
    {
        if (IdentityPrefixes.Begin(text))
        {
            return true;
        }

        // Anew: hosts may add schemes while they run.
        foreach (var scheme in All(services))
        {
            var name = scheme.Name;
            if (text.Length > name.Length && text[name.Length] is '/' && text.StartsWith(name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private IAuthenticationSchemeProvider? Provider => services.GetService<IAuthenticationSchemeProvider>();

    private static IEnumerable<AuthenticationScheme> All(IServiceProvider services) =>
        services.GetService<IAuthenticationSchemeProvider>() is { } provider ? Now(provider.GetAllSchemesAsync()) : [];

    private static bool IsRemote(Type handler)
    {
        for (var type = handler; type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(RemoteAuthenticationHandler<>))
            {
                return true;
            }
        }

        return false;
    }

    // When endpoints are built there is nobody to await it; the framework's provider answers at once.
    private static T Now<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
