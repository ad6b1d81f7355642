using System.Net;
using System.Net.Http.Headers;
using GatewayKit.Clusters;
using GatewayKit.Diagnostics;
using GatewayKit.Forwarding;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>What a copy says: all that it needs of the request, which may be over before the copy is sent.</summary>
internal sealed class MirrorRequest
{
    private readonly List<KeyValuePair<string, string[]>> _fields;
    private readonly string? _originalHost;
    private readonly IPAddress? _client;

    private MirrorRequest(HttpMethod method, RequestTarget target, List<KeyValuePair<string, string[]>> fields, string? originalHost, IPAddress? client) =>
        (Method, Target, _fields, _originalHost, _client) = (method, target, fields, originalHost, client);

    public HttpMethod Method { get; }

    public RequestTarget Target { get; }

    /// <summary>The body; empty if there is none.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>As it goes to the destination of the request itself, after all transforms.</summary>
    public static MirrorRequest Of(HttpRequestMessage message, IForwardAttempt attempt, GatewayContext context, MirrorFields rules)
    {
        var fields = new List<KeyValuePair<string, string[]>>();
        Add(message.Headers);
        if (message.Content is { } content)
        {
            Add(content.Headers);
        }

        // The part below the address of the destination, as it was written (D5).
        var pathAndQuery = message.RequestUri!.PathAndQuery.AsSpan(attempt.DestinationAddress.AbsolutePath.AsSpan().TrimEnd('/').Length);
        var query = pathAndQuery.IndexOf('?') is var at and >= 0 ? at : pathAndQuery.Length;
        var target = new RequestTarget(pathAndQuery[..query].ToString(), pathAndQuery[query..].ToString());
        return new(message.Method, target, fields, RequestHost.Of(context.HttpContext.Request), context.HttpContext.Connection.RemoteIpAddress);

        void Add(HttpHeaders headers)
        {
            foreach (var (name, values) in headers.NonValidated)
            {
                if (rules.Passes(name, context.CredentialField))
                {
                    fields.Add(new(name, [.. values]));
                }
            }
        }
    }

    /// <summary>As the client sent it to an endpoint of the host, with what a gateway says of itself.</summary>
    /// <returns><see langword="null"/> if it has no single reading.</returns>
    public static MirrorRequest? Of(HttpContext httpContext, MirrorFields rules)
    {
        var request = httpContext.Request;
        if (!RequestTarget.TryRead(httpContext, allowEncodedSlash: false, out var target))
        {
            return null;
        }

        var fields = new List<KeyValuePair<string, string[]>>();
        var connection = ConnectionOptions.Parse(request.Headers.Connection);
        foreach (var (name, values) in request.Headers)
        {
            if (rules.PassesFromClient(name) && !connection.Nominates(name))
            {
                fields.Add(new(name, values.ToArray()!));
            }
        }

        // The path base belongs to where the host is, as with forwarding.
        var client = httpContext.Connection.RemoteIpAddress;
        AddOwn("X-Forwarded-For", client is null ? null : PeerAddress.Plain(client).ToString());
        AddOwn("X-Forwarded-Proto", request.Scheme);
        AddOwn("X-Forwarded-Host", RequestHost.Of(request));
        return new(HttpMethod.Parse(request.Method), target, fields, RequestHost.Of(request), client);

        void AddOwn(string name, string? value)
        {
            if (value is not null)
            {
                fields.Add(new(name, [value]));
            }
        }
    }

    /// <summary>Makes the message for a destination.</summary>
    public HttpRequestMessage ToMessage(Cluster cluster, DestinationState destination, MirrorPolicy policy)
    {
        var message = new HttpRequestMessage(Method, TargetUri.Create(destination, Target)) { Version = cluster.Http.Version, VersionPolicy = cluster.Http.VersionPolicy };
        if (!Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(Body);
        }

        string? trace = null;
        foreach (var (name, values) in _fields)
        {
            if (name.Equals("traceparent", StringComparison.OrdinalIgnoreCase))
            {
                trace = values.Length == 1 ? values[0] : null;
            }
            else if (!message.Headers.TryAddWithoutValidation(name, values))
            {
                (message.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, values);
            }
        }

        message.Headers.TryAddWithoutValidation(MirrorFields.Mark, "1");
        if (TraceParent.TryParse(trace, out var parent))
        {
            // A span of its own: the destination of the request itself has the other.
            message.Headers.TryAddWithoutValidation("traceparent", parent.CreateChild());
        }

        message.Headers.Host = HostOf(cluster, destination, policy);
        return message;
    }

    /// <summary>A request that looks like the client's to those who pick a destination, and that nobody answers.</summary>
    public HttpContext ToContext()
    {
        var context = new DefaultHttpContext();
        (context.Request.Method, context.Request.Path, context.Connection.RemoteIpAddress) = (Method.Method, Target.Path, _client);
        foreach (var (name, values) in _fields)
        {
            context.Request.Headers[name] = values;
        }

        return context;
    }

    private string? HostOf(Cluster cluster, DestinationState destination, MirrorPolicy policy)
    {
        var host = policy.Host ?? (cluster.HostHeader is HostHeader.Original ? _originalHost : null) ?? destination.Destination.Host;
        if (policy.HostSuffix is not { } suffix)
        {
            return host;
        }

        host ??= destination.Destination.Address.Authority;
        var port = host.LastIndexOf(':') is var colon and >= 0 && host.IndexOf(']', colon) < 0 ? colon : host.Length;
        return host.Insert(port, suffix);
    }
}
