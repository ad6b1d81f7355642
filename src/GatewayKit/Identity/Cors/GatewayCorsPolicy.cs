using System.ComponentModel.DataAnnotations;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Cors;

/// <summary>
/// Which pages of other origins may call from a browser, and what they may read (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol). The gateway answers preflights itself, before it asks
/// who is calling, and its fields take the place of those that a destination or handler sends. It keeps nobody out: a caller that is no browser does not ask, and which
/// pages may open a WebSocket is a policy of its own.
/// </summary>
public sealed record GatewayCorsPolicy : IOrderedPolicy, IValidatableObject
{
    /// <summary>
    /// The origins (RFC 6454 §6.2), as browsers write them and compared as they are: <c>https://app.example.com</c>, with a port if it is not the usual one of the scheme. <c>*</c> alone is
    /// all of them, without credentials; <c>null</c> is what sandboxed pages and files send. Preflights of others are answered 403.
    /// </summary>
    public IReadOnlyList<string> Origins { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The methods that pages may use besides GET, HEAD and POST, which need no leave. Default those that the endpoint takes.</summary>
    public IReadOnlyList<string> Methods { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>The request headers that pages may set. <c>*</c> is all but <c>Authorization</c>, without credentials. Default <c>Authorization</c> and <c>Content-Type</c>.</summary>
    public IReadOnlyList<string> Headers { get; init => field = ValueList<string>.From(value); } = ValueList<string>.From(["Authorization", "Content-Type"]);

    /// <summary>The response headers that pages may read besides the seven that need no leave. <c>*</c> is all, without credentials. Default none.</summary>
    public IReadOnlyList<string> ExposedHeaders { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Whether pages may send the cookies, client certificates and passwords that the browser keeps for this host. Default no. A token that a page sets itself needs no leave of this kind.</summary>
    public bool AllowCredentials { get; init; }

    /// <summary>How long browsers may keep the answer to a preflight, 0 to 1 day; some keep none for longer than 2 h. Default 10 min.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether the policy counts. In <see cref="PolicyMode.Shadow"/> it does nothing: what browsers make of fields that are not sent nobody knows.</summary>
    public PolicyMode Mode { get; init; }

    internal bool AllowsAnyOrigin => Origins is ["*"];

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Admit;

    // A page must be able to read why it was refused.
    int IOrderedPolicy.Order => AdmitOrder.Cors;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Mode is PolicyMode.Off)
        {
            yield break;
        }

        if (Origins.Count == 0)
        {
            yield return new("Origins is empty, so that no page of another origin may call. Name the origins, or remove the policy.", [nameof(Origins)]);
        }

        foreach (var fault in Origins.Select(CorsOrigin.FaultOf).OfType<string>())
        {
            yield return new(fault, [nameof(Origins)]);
        }

        if (Origins.Contains("*") && !AllowsAnyOrigin)
        {
            yield return new("Origins has '*' beside others. Write '*' alone, or remove it.", [nameof(Origins)]);
        }

        foreach (var origin in AllowCredentials ? Origins.Where(static origin => origin is "*" or "null") : [])
        {
            yield return new($"AllowCredentials is true and Origins has '{origin}': every page that a user visits could act as the user. Name the origins.", [nameof(AllowCredentials)]);
        }

        foreach (var (name, tokens) in new[] { (nameof(Methods), Methods), (nameof(Headers), Headers), (nameof(ExposedHeaders), ExposedHeaders) })
        {
            foreach (var token in tokens.Where(static token => !HttpToken.Is(token)))
            {
                yield return new($"{name} has '{token}', which is not the name of a {(name == nameof(Methods) ? "method" : "header")}.", [name]);
            }

            if (AllowCredentials && tokens.Contains("*"))
            {
                yield return new($"{name} has '*', which browsers take for a name and not for all where credentials are allowed. Name them.", [name]);
            }
        }

        if (MaxAge < TimeSpan.Zero || MaxAge > TimeSpan.FromDays(1))
        {
            yield return new($"MaxAge is {MaxAge:c}; it must be from 00:00:00 to 1.00:00:00.", [nameof(MaxAge)]);
        }
    }
}
