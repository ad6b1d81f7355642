using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GatewayKit.Hosting;

/// <summary>What the checks look at.</summary>
internal sealed record StartFacts
{
    /// <summary>Whether a switch of the process is on.</summary>
    public Func<string, bool> IsOn { get; init; } = static name => AppContext.TryGetSwitch(name, out var isOn) && isOn;

    /// <summary>The settings of Kestrel; <see langword="null"/> behind another server.</summary>
    public KestrelServerOptions? Kestrel { get; init; }

    public ForwardedHeadersOptions Forwarded { get; init; } = new();

    /// <summary>The version of the ASP.NET Core that runs, or of the .NET below if that is older.</summary>
    public required Version Runtime { get; init; }

    /// <summary>The version of the data protection that is in use; <see langword="null"/> if none is.</summary>
    public Version? DataProtection { get; init; }

    /// <summary>The CORS policies that can be found, by where.</summary>
    public IReadOnlyList<(string Where, CorsPolicy Policy)> CorsPolicies { get; init; } = [];

    public static StartFacts Gather(IServiceProvider services, IEnumerable<Endpoint> endpoints)
    {
        var aspNetCore = VersionOf(typeof(IServer).Assembly);
        var isKestrel = services.GetService<IServer>()?.GetType().Assembly.GetName().Name?.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) is true;
        var usesDataProtection = services.GetService<IServiceProviderIsService>()?.IsService(typeof(IDataProtectionProvider)) is true;
        return new()
        {
            Kestrel = isKestrel ? services.GetService<IOptions<KestrelServerOptions>>()?.Value : null,
            Forwarded = services.GetService<IOptions<ForwardedHeadersOptions>>()?.Value ?? new(),
            Runtime = aspNetCore < Environment.Version ? aspNetCore : Environment.Version,
            DataProtection = usesDataProtection ? VersionOf(typeof(DataProtectionOptions).Assembly) : null,
            CorsPolicies = [.. Policies(services.GetService<IOptions<CorsOptions>>()?.Value ?? new(), endpoints)],
        };
    }

    // The default one, those that endpoints name and those that they carry. One that UseCors() alone names is not known here.
    private static IEnumerable<(string Where, CorsPolicy Policy)> Policies(CorsOptions options, IEnumerable<Endpoint> endpoints)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { options.DefaultPolicyName };
        foreach (var endpoint in endpoints)
        {
            foreach (var metadata in endpoint.Metadata.OfType<ICorsMetadata>())
            {
                if (metadata is ICorsPolicyMetadata { Policy: var policy })
                {
                    yield return (endpoint.DisplayName ?? "an endpoint", policy);
                }
                else if (metadata is IEnableCorsAttribute { PolicyName: { } name })
                {
                    names.Add(name);
                }
            }
        }

        foreach (var name in names)
        {
            if (options.GetPolicy(name) is { } policy)
            {
                yield return ($"CORS policy '{name}'", policy);
            }
        }
    }

    // "10.0.12+sha": the assembly's own version has no patch.
    private static Version VersionOf(Assembly assembly)
    {
        var text = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? string.Empty;
        var end = text.AsSpan().IndexOfAny('+', '-');
        return Version.TryParse(end < 0 ? text : text.AsSpan(0, end), out var version) ? version : Environment.Version;
    }
}
