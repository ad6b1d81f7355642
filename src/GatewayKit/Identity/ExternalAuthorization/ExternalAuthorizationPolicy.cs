using System.ComponentModel.DataAnnotations;
using GatewayKit.Identity.Consumers;
using GatewayKit.Identity.OwnCalls;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.ExternalAuthorization;

/// <summary>
/// Asks an HTTP service about each request, and lets it through if the answer is a 2xx. The request is told in <c>X-Forwarded-Method</c>, <c>-Uri</c>, <c>-Host</c>, <c>-Proto</c> and <c>-For</c>, as the
/// gateway sees it. A 401 of the service is answered 401 <c>unauthenticated</c>, a 403 is 403 <c>forbidden</c>; whatever else comes of it, also nothing, is 503 <c>auth-unavailable</c>. There is no setting
/// that lets requests through when the service is away.
/// </summary>
/// <remarks>
/// With <see cref="ConsumerHeader"/> it finds out who is calling, in the stage <see cref="GatewayStage.Identify"/>, and can be one of several ways in <see cref="AnyOf.AnyOfPolicy"/>: there a request with
/// none of <see cref="RequestHeaders"/> has no credential of this way, and the service is not asked. Without, it is a rule of the stage <see cref="GatewayStage.Authorize"/>.
/// </remarks>
public sealed record ExternalAuthorizationPolicy : ICredentialPolicy, IOwnsFields, IValidatableObject
{
    /// <summary>What is asked: an absolute <c>https</c> address without user and fragment; <c>http</c> on the loopback.</summary>
    public required Uri Url { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); }

    /// <summary>The method of the question. Default <c>GET</c>.</summary>
    public string Method { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = "GET";

    /// <summary>Whether <c>X-Forwarded-Uri</c> has the query of the request. Default yes; not where addresses have secrets that are none of the service's business.</summary>
    public bool SendQuery { get; init; } = true;

    /// <summary>
    /// The fields of the request that the service is shown, as they came; whatever else a client sends it never sees. Default <c>Authorization</c> and <c>Cookie</c>: the credentials that it is asked about,
    /// and nothing that could steer it in another way.
    /// </summary>
    public IReadOnlyList<string> RequestHeaders { get; init => field = ValueList<string>.From(value); } = ValueList<string>.From(["Authorization", "Cookie"]);

    /// <summary>
    /// How much of a body the service is shown. Default 0: none. Up to 16 MiB; requests with a larger body are answered 413 <c>body-too-large</c>. The whole body is read before the service is asked, and
    /// goes on as it came. WebSockets have none.
    /// </summary>
    [Range(0, 16_777_216)]
    public int MaxBodyBytes { get; init; }

    /// <summary>
    /// The fields of an answer that allows which go on to the destination, or to the handler of an endpoint of the host. A client's own are removed in all their spellings, also where the answer has none.
    /// Default none.
    /// </summary>
    public IReadOnlyList<string> DestinationHeaders { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The fields of an answer which go to the client, whether it allows or refuses, such as <c>Set-Cookie</c>. <c>WWW-Authenticate</c> of one that refuses goes in any case. Default none.</summary>
    public IReadOnlyList<string> ClientHeaders { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>
    /// The field of an answer that allows which says who is calling: <c>alice</c> is the consumer with <c>external-authorization/alice</c> among its <see cref="Consumer.Identities"/>, or, if there is none,
    /// somebody of that name whom the service vouches for. Answers without it are 503. Default none: nobody is found out.
    /// </summary>
    public string? ConsumerHeader { get; init; }

    /// <summary>Whether the caller has to be a consumer that is known. Others are answered 403 <c>forbidden</c>. Default no. Of no use without <see cref="ConsumerHeader"/>.</summary>
    public bool RequireRegistered { get; init; }

    /// <summary>
    /// Whether a 302, 303 or 307 of the service sends a person whose browser opens a page to its <c>Location</c>, such as a page to sign in; other requests are answered 401 then. Default no: it is 503.
    /// </summary>
    public bool AllowRedirects { get; init; }

    /// <summary>How long the service may take in all, 10 ms to 10 s. Default 1 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an answer that allows holds for requests of which the service would be told the same to the last byte, 0 to 60 s. Default 0: each request is asked about. What <c>Cache-Control</c> of the
    /// answer says shortens it; answers with one of <see cref="ClientHeaders"/>, and those to requests with a body that is shown, are never kept.
    /// </summary>
    public TimeSpan CacheFor { get; init; }

    /// <summary>Whether <see cref="Url"/> may be <c>http</c> elsewhere than on the loopback, so that anyone on the way reads credentials, and decides. Default no.</summary>
    public bool AllowHttp { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    GatewayStage IGatewayPolicy.Stage => ConsumerHeader is null ? GatewayStage.Authorize : GatewayStage.Identify;

    bool IIdentityPolicy.FindsCaller => ConsumerHeader is not null;

    IEnumerable<string> IOwnsFields.OwnFields => DestinationHeaders;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (OwnCallAddress.Check(Url, nameof(Url), "https://auth.example.com/check", AllowHttp) is { } wrong)
        {
            yield return wrong;
        }

        if (!HttpToken.Is(Method) || Method is "CONNECT" or "TRACE")
        {
            yield return new($"Method is '{Method}', which nothing can be asked by. Take GET, HEAD or POST.", [nameof(Method)]);
        }
        else if (MaxBodyBytes > 0 && Method is "GET" or "HEAD" or "OPTIONS" or "DELETE")
        {
            yield return new($"MaxBodyBytes is {MaxBodyBytes}, and {Method} has no body. Take POST for Method.", [nameof(MaxBodyBytes)]);
        }

        foreach (var result in ExternalFields.Check(this))
        {
            yield return result;
        }

        if (RequireRegistered && ConsumerHeader is null)
        {
            yield return new("RequireRegistered asks for a known consumer, and nothing says who is calling. Name the ConsumerHeader, or remove it.", [nameof(RequireRegistered)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(10) || Timeout > TimeSpan.FromSeconds(10))
        {
            yield return new($"Timeout is {Timeout:c}; it must be from 00:00:00.0100000 to 00:00:10.", [nameof(Timeout)]);
        }

        if (CacheFor < TimeSpan.Zero || CacheFor > TimeSpan.FromSeconds(60))
        {
            yield return new($"CacheFor is {CacheFor:c}; it must be from 00:00:00 to 00:01:00.", [nameof(CacheFor)]);
        }
    }
}
