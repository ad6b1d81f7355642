using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;

namespace GatewayKit.Hosting;

/// <summary>All checks. What is an error lets strangers be somebody else or one message be two; what is a warning makes that, or an overload, easier.</summary>
internal static class StartChecks
{
    /// <summary>Clusters that take any certificate. Configurations change, so their reader looks for it.</summary>
    public const string UnverifiedDestination = "unverified-destination";

    private const string KestrelSwitch = "Microsoft.AspNetCore.Server.Kestrel.";

    // Long enough for any client that means well, and no end for one that does not.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<StartCheck> All { get; } =
    [
        new("open-forwarded-headers", StartSeverity.Error, OpenForwardedHeaders),
        new("insecure-chunked-parsing", StartSeverity.Error, static facts => Switch(
            facts,
            "EnableInsecureChunkedRequestParsing",
            "Kestrel reads line ends in chunk extensions that no other server reads (CVE-2025-55315): one request can be two.")),
        new("keep-alive-after-two-lengths", StartSeverity.Error, static facts => Switch(
            facts,
            "AllowKeepAliveAfterCLTE",
            "Kestrel keeps a connection on which a request had both Content-Length and Transfer-Encoding (RFC 9112 §6.1): what follows may be a smuggled request.")),
        new("credentials-for-any-origin", StartSeverity.Error, CredentialsForAnyOrigin),
        new("forgeable-data-protection", StartSeverity.Error, ForgeableDataProtection),
        new("lenient-line-ends", StartSeverity.Warning, LenientLineEnds),
        new("outdated-runtime", StartSeverity.Warning, OutdatedRuntime),
        new("host-override", StartSeverity.Warning, HostOverride),
        new("no-server-limits", StartSeverity.Warning, NoServerLimits),
        new("synchronous-io", StartSeverity.Warning, SynchronousIo),
    ];

    /// <summary>What can be acknowledged.</summary>
    public static IEnumerable<string> Ids => [.. All.Select(static check => check.Id), UnverifiedDestination];

    private static IEnumerable<string> OpenForwardedHeaders(StartFacts facts)
    {
        var options = facts.Forwarded;
        if (options.ForwardedHeaders is not ForwardedHeaders.None && options.KnownProxies.Count == 0 && options.KnownIPNetworks.Count == 0)
        {
            yield return $"The forwarded headers middleware takes {options.ForwardedHeaders} from everybody: no proxy and no network is known. "
                + "ASPNETCORE_FORWARDEDHEADERS_ENABLED=true does that. Remove it, or add the addresses of the proxies in front to "
                + "ForwardedHeadersOptions.KnownProxies or KnownIPNetworks.";
        }
        else if (options.ForwardedHeaders is not ForwardedHeaders.None && options.KnownIPNetworks.Any(static network => network.PrefixLength == 0))
        {
            yield return $"The forwarded headers middleware takes {options.ForwardedHeaders} from everybody: one of ForwardedHeadersOptions.KnownIPNetworks "
                + "holds every address. Write the networks of the proxies in front.";
        }
    }

    private static IEnumerable<string> Switch(StartFacts facts, string name, string effect)
    {
        if (facts.Kestrel is not null && facts.IsOn(KestrelSwitch + name))
        {
            yield return $"The switch {KestrelSwitch}{name} is on. {effect} Remove it from the project, runtimeconfig.json or code.";
        }
    }

    private static IEnumerable<string> LenientLineEnds(StartFacts facts)
    {
        const string Name = "DisableHttp1LineFeedTerminators";
        if (facts.Kestrel is not null && !facts.IsOn(KestrelSwitch + Name))
        {
            yield return "Kestrel takes a bare line feed for the end of a line (RFC 9112 §2.2), which what stands before or behind it may not. "
                + $"The package switches that off when an app is built; an app that is built otherwise sets {KestrelSwitch}{Name} to true in runtimeconfig.template.json.";
        }
    }

    private static IEnumerable<string> CredentialsForAnyOrigin(StartFacts facts) =>
        from entry in facts.CorsPolicies
        where entry.Policy.SupportsCredentials && AllowsAny(entry.Policy)
        select $"{entry.Where} allows credentials to any origin: every page that a user visits can act as the user. Name the origins, exactly, with WithOrigins().";

    // Asked rather than read: SetIsOriginAllowed(_ => true) is how the framework's own refusal of `*` with credentials is worked around.
    private static bool AllowsAny(CorsPolicy policy)
    {
        try
        {
            return policy.AllowAnyOrigin || policy.IsOriginAllowed("https://a-name-nobody-has-9f2c.invalid") || policy.IsOriginAllowed("null");
        }
#pragma warning disable CA1031 // Code of the host: what cannot judge these two allows neither.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private static IEnumerable<string> ForgeableDataProtection(StartFacts facts)
    {
        if (facts.DataProtection is { Major: 10 } version && version < KnownHoles.DataProtectionFixed)
        {
            yield return $"Data protection is of version {version}: forged cookies and tokens pass (CVE-2026-40372). "
                + $"Update to {KnownHoles.DataProtectionFixed} or later, and renew the key ring if the app was reachable.";
        }
    }

    private static IEnumerable<string> OutdatedRuntime(StartFacts facts)
    {
        if (KnownHoles.In(facts.Runtime) is { Length: > 0 } missing)
        {
            yield return $"The runtime is of version {facts.Runtime} and lacks what later ones closed ({missing}). Update to {KnownHoles.Minimum} or later.";
        }
    }

    private static IEnumerable<string> HostOverride(StartFacts facts)
    {
        if (facts.Kestrel is { AllowHostHeaderOverride: true })
        {
            yield return "KestrelServerOptions.AllowHostHeaderOverride lets the request line name another host than Host does (RFC 9112 §3.2.2). "
                + "What stands in front may have decided by the other one. Leave it off.";
        }
    }

    private static IEnumerable<string> NoServerLimits(StartFacts facts)
    {
        if (facts.Kestrel?.Limits is not { } limits)
        {
            yield break;
        }

        // Not MaxRequestBodySize: bodies are streamed, so a large one holds no more than a small one, and a slow one meets the data rate.
        string[] off =
        [
            .. Named(limits.MinRequestBodyDataRate is null, nameof(limits.MinRequestBodyDataRate)),
            .. Named(limits.MinResponseDataRate is null, nameof(limits.MinResponseDataRate)),
            .. Named(IsLong(limits.RequestHeadersTimeout), nameof(limits.RequestHeadersTimeout)),
            .. Named(IsLong(limits.KeepAliveTimeout), nameof(limits.KeepAliveTimeout)),
        ];
        if (off.Length > 0)
        {
            yield return $"Limits of Kestrel are off or longer than {LongestWait.TotalMinutes:0} minutes for the whole server: {string.Join(", ", off)}. Slow or endless requests hold "
                + "connections as long as they like. Set them, and lift them for single endpoints.";
        }
    }

    private static IEnumerable<string> SynchronousIo(StartFacts facts)
    {
        if (facts.Kestrel is { AllowSynchronousIO: true })
        {
            yield return "KestrelServerOptions.AllowSynchronousIO lets slow clients hold threads. Leave it off; one endpoint can allow it through IHttpBodyControlFeature.";
        }
    }

    private static IEnumerable<string> Named(bool isOff, string limit) => isOff ? [limit] : [];

    private static bool IsLong(TimeSpan limit) => limit < TimeSpan.Zero || limit > LongestWait;
}
