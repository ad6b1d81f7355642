using System.Net;
using System.Text;
using GatewayKit.Auditing.Journal;
using GatewayKit.Clusters;
using GatewayKit.Pipeline;

namespace GatewayKit;

/// <summary>Host-wide settings. What a route wants lives in its policies.</summary>
public sealed class GatewayOptions
{
    internal const string DefaultProblemTypeBase = "urn:gatewaykit:problem:";

    /// <summary>
    /// What a problem's <c>type</c> starts with (RFC 9457 §3.1.1); the reason code follows. Default <c>urn:gatewaykit:problem:</c>, and the registered
    /// types of limits. A host with pages about its problems sets their address, such as <c>https://example.com/problems/</c>.
    /// </summary>
    public string ProblemTypeBase { get; set; } = DefaultProblemTypeBase;

    /// <summary>Which fields tell clients how their limits stand. Default <see cref="RateLimitHeaders.Standard"/>. Read at start only.</summary>
    public RateLimitHeaders RateLimitHeaders { get; set; }

    /// <summary>Which answers carry these fields. Default <see cref="RateLimitOccasion.Always"/>. Read at start only.</summary>
    public RateLimitOccasion RateLimitOccasion { get; set; }

    /// <summary>
    /// Whether what destinations say of limits of their own stays where the gateway tells of its limits. Default no: it is replaced, for those are limits
    /// of the gateway, not of its clients. Read at start only.
    /// </summary>
    public bool PassRateLimitHeaders { get; set; }

    /// <summary>
    /// The name this gateway signs <c>Via</c> with (RFC 9110 §7.6.3): a token without a host's address. Default <c>gatewaykit</c>.
    /// </summary>
    public string Pseudonym { get; set; } = "gatewaykit";

    /// <summary>
    /// The host names that gateway routes serve: <c>api.example.com</c>, <c>*.example.com</c>, either with <c>:port</c>; case is ignored. A request
    /// for another host is answered 421 <c>unknown-host</c> (RFC 9110 §7.4), whichever route it matches. Default none: every host is served.
    /// The host's own endpoints are not concerned.
    /// </summary>
    public IReadOnlyList<string> ServedHosts { get; set => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// The classes of requests, from the one that matters most to the one that gives way first, at least two. Default <see cref="PriorityClass.Critical"/>,
    /// <see cref="PriorityClass.Standard"/>, <see cref="PriorityClass.BestEffort"/>. Requests of whose class nobody says anything are <c>Standard</c>; a class that is not
    /// among these gives way before all others. Read at start only.
    /// </summary>
    public IReadOnlyList<string> PriorityClasses { get; set => field = ValueList<string>.From(value); } =
        ValueList<string>.From([PriorityClass.Critical, PriorityClass.Standard, PriorityClass.BestEffort]);

    /// <summary>
    /// The zone that this gateway runs in, such as <c>eu-west-1a</c>: destinations of the same <see cref="Destination.Zone"/> are preferred while
    /// enough of them are available. Default unknown: zones play no part. Read at start only.
    /// </summary>
    public string? Zone { get; set; }

    /// <summary>
    /// How many upgraded connections, such as WebSockets, may be open at once through the gateway, over all versions of HTTP: 1 to 1,000,000.
    /// Default 10,000. More are answered 503.
    /// </summary>
    public int MaxUpgradedConnections { get; set; } = 10_000;

    /// <summary>
    /// The networks of proxies in front of the gateway. A peer in one of them may say who came before it: <c>X-Forwarded-*</c> then continues what
    /// it sent, from the right up to the first hop that is in none of them; a chain that is not well-formed, has more than 32 entries or
    /// 2,048 characters is ignored whole. Default none: what clients send is removed, and the fields tell the connection alone.
    /// </summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; set => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    /// <summary>
    /// Whether destinations are told how long their answer is still wanted, in milliseconds, in <c>X-GW-Deadline-Ms</c>: what is left of the deadline, less
    /// 5 ms for the way back. Default no. A gRPC call is told in <c>grpc-timeout</c> in any case. The gateway itself obeys the field where
    /// it comes from one of <see cref="TrustedProxies"/>, and it can only make a deadline shorter.
    /// </summary>
    public bool SendDeadlines { get; set; }

    /// <summary>
    /// Whether destinations are told in <c>X-GW-Would-Reject</c> which policies in <see cref="PolicyMode.Shadow"/>, by name, would have refused the request before it got
    /// to them. Default no. Candidates are not among them. What clients send in the field is removed in any case. Read at start only.
    /// </summary>
    public bool SendWouldReject { get; set; }

    /// <summary>
    /// The claims of identities and tokens that say which consumer calls, where a route does not say otherwise; the first one that is there counts. Default <c>client_id</c>, <c>azp</c>,
    /// <c>sub</c>: the program that calls, and where there is none the person. Read at start only.
    /// </summary>
    public IReadOnlyList<string> ConsumerClaims { get; set => field = ValueList<string>.From(value); } = ValueList<string>.From(["client_id", "azp", "sub"]);

    /// <summary>
    /// What happens to a request with another spelling of a field that counts, such as <c>X_Forwarded_For</c>, which many servers read as
    /// <c>X-Forwarded-For</c>. Default <see cref="HeaderAliasAction.Refuse"/>.
    /// </summary>
    public HeaderAliasAction HeaderAliases { get; set; }

    /// <summary>
    /// How the values of request headers are read and sent on. Default <see cref="HeaderEncoding.Utf8"/>. Values of answers pass byte for byte
    /// in any case, unless the host has set a <c>ResponseHeaderEncodingSelector</c> of its own. Read at start only.
    /// </summary>
    public HeaderEncoding RequestHeaderEncoding { get; set; }

    /// <summary>The same as what reads and writes them.</summary>
    internal Encoding RequestEncoding => RequestHeaderEncoding is HeaderEncoding.Latin1 ? Encoding.Latin1 : Encoding.UTF8;

    /// <summary>
    /// Whether a refusal or failure of the gateway's own tells proxies and people about itself in <c>Proxy-Status</c> (RFC 9209). Default no.
    /// </summary>
    public bool SendProxyStatus { get; set; }

    /// <summary>
    /// Whether a reload has the young generations of the garbage collector collected after every few megabytes that it allocates, so that
    /// many short pauses take the place of few long ones, which requests would feel. Default yes. Small reloads and the start never do.
    /// </summary>
    public bool PaceReloads { get; set; } = true;

    /// <summary>
    /// Whether a request that comes without a usable <c>traceparent</c> gets one on its way to the destination when the host itself records
    /// no trace (W3C Trace Context level 2). Default yes: destinations and the gateway's log then share an id. It says that nothing was
    /// recorded so far; say no if destinations take that for a wish.
    /// </summary>
    public bool StartTraces { get; set; } = true;

    /// <summary>
    /// How long the host serves on after it was told to stop, so that balancers see that it is not ready and send elsewhere: zero to ten minutes, part
    /// of <c>HostOptions.ShutdownTimeout</c>. Default 5 s; none in the environment <c>Development</c>, where somebody waits at a terminal.
    /// </summary>
    public TimeSpan? DrainDelay { get; set; }

    /// <summary>
    /// How long a destination that left the configuration, or was told to drain, keeps what would stay for ever: WebSockets, event streams, bound
    /// sessions, idle connections. Zero to a day. Default 30 s. Requests run to their end.
    /// </summary>
    public TimeSpan DestinationDrainLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether policies may inject faults on purpose on this host. Default no: a policy that would is an error at start, so that none gets
    /// into production by mistake.
    /// </summary>
    public bool FaultInjection { get; set; }

    /// <summary>
    /// Findings about the host that are known and meant, by their ids, such as <c>open-forwarded-headers</c>: they do not stop
    /// the start, and one line at Information names them. Default: none. What can be found is in docs/security.md.
    /// </summary>
    public IReadOnlyList<string> AcknowledgedRisks { get; set; } = [];

    /// <summary>Where the audit journal is and how it is written. Default <see langword="null"/>: it has its defaults, and is opened when an endpoint asks for records. Read at start only.</summary>
    public JournalOptions? Journal { get; set; }
}
