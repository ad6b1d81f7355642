using System.Net.Security;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Secrets;
using OpenTelemetry.Exporter;

namespace GatewayKit.OpenTelemetry;

/// <summary>Which collector gets the audit journal, and how. Immutable.</summary>
public sealed record OtlpAuditOptions
{
    private const string LogsPath = "/v1/logs";
    private const string GrpcPath = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

    // What a request is made of: a value from elsewhere would make another one of it.
    private static readonly string[] OwnHeaders = ["Connection", "Expect", "Host", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "grpc-encoding", "grpc-accept-encoding", "grpc-timeout"];

    /// <summary>What the sink is called in logs, metrics, files and events. Default <c>otlp</c>.</summary>
    public string Name { get; init; } = "otlp";

    /// <summary>
    /// Where the collector is, such as <c>https://collector.example.com:4318</c>: <c>https</c>, or <c>http</c> on this machine (loopback). Over HTTP <c>/v1/logs</c> is added to an address without a
    /// path; another path is taken as it is. Over gRPC it has no path.
    /// </summary>
    public required Uri Address { get; init; }

    /// <summary>Whether <see cref="Address"/> may be <c>http</c> on other machines: whoever is on the way then reads the records, and the headers. Default no.</summary>
    public bool AllowHttp { get; init; }

    /// <summary>HTTP with protobuf, the default, or gRPC.</summary>
    public OtlpExportProtocol Protocol { get; init; } = OtlpExportProtocol.HttpProtobuf;

    /// <summary>Whether requests are compressed. Default no.</summary>
    public OtlpExportCompression Compression { get; init; } = OtlpExportCompression.None;

    /// <summary>
    /// Headers of each request, such as <c>Authorization</c>, and where their values are: the whole value, such as <c>Bearer …</c>. They are looked at again while they are used, so that they may be
    /// changed. Default none.
    /// </summary>
    public IReadOnlyDictionary<string, SecretReference> Headers { get; init; } = new Dictionary<string, SecretReference>();

    /// <summary>What TLS trusts and shows, such as authorities or a client certificate of its own. <see langword="null"/>, the default: what the system trusts, and no certificate.</summary>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>The resource's <c>service.name</c>. <see langword="null"/>, the default: what <c>OTEL_SERVICE_NAME</c> or <c>OTEL_RESOURCE_ATTRIBUTES</c> say, or the name of the host's application.</summary>
    public string? ServiceName { get; init; }

    /// <summary>How the sink is served: batches, time-outs, whether segments are kept until it has them.</summary>
    public AuditSinkOptions Sink { get; init; } = new();

    internal bool IsGrpc => Protocol is OtlpExportProtocol.Grpc;

    /// <summary>Where requests go.</summary>
    internal Uri Target => Address.AbsolutePath is not "/" ? Address : new UriBuilder(Address) { Path = IsGrpc ? GrpcPath : LogsPath }.Uri;

    internal void Check()
    {
        ArgumentNullException.ThrowIfNull(Address);
        ArgumentNullException.ThrowIfNull(Headers);
        ArgumentNullException.ThrowIfNull(Sink);

        // Not what the address is: there may be a password in it.
        Require(Address.IsAbsoluteUri && Address.Scheme is "http" or "https" && Address.UserInfo.Length is 0 && Address.Fragment.Length is 0, nameof(Address),
            "must be an address such as \"https://collector.example.com:4318\", without user and fragment");
        Require(Address.Scheme is "https" || Address.IsLoopback || AllowHttp, nameof(Address), "is http, so that anyone on the way reads records and headers. Write https; AllowHttp accepts the risk");
        Require(Enum.IsDefined(Protocol), nameof(Protocol), "must be HttpProtobuf or Grpc");
        Require(Enum.IsDefined(Compression), nameof(Compression), "must be None or GZip");
        Require(!IsGrpc || (Address.AbsolutePath is "/" && Address.Query.Length is 0), nameof(Address), "has a path, which gRPC has no use for");
        foreach (var (name, reference) in Headers)
        {
            Require(IsHeader(name), nameof(Headers), $"has '{name}', which is no header of requests, or one that is not anybody's to set");
            Require(reference is not null, nameof(Headers), $"has no reference to a secret for '{name}'");
        }
    }

    private static bool IsHeader(string name)
    {
        using var request = new HttpRequestMessage();
        return !OwnHeaders.Contains(name, StringComparer.OrdinalIgnoreCase) && request.Headers.TryAddWithoutValidation(name, "1");
    }

    private void Require(bool isFine, string setting, string problem)
    {
        if (!isFine)
        {
            throw new ArgumentException($"Audit sink '{Name}': {setting} {problem}.");
        }
    }
}
