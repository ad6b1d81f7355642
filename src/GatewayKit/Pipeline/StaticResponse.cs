using System.ComponentModel.DataAnnotations;

namespace GatewayKit.Pipeline;

/// <summary>An answer that the gateway gives itself.</summary>
public sealed record StaticResponse
{
    /// <summary>The status, 200 to 599. Default 200.</summary>
    [Range(200, 599)]
    public int Status { get; init; } = 200;

    /// <summary>The body, sent as UTF-8. Default none.</summary>
    public string? Body { get; init; }

    /// <summary>The media type of the body. Default <c>text/plain; charset=utf-8</c>.</summary>
    public string ContentType { get; init; } = "text/plain; charset=utf-8";

    /// <summary>Further headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init => field = ValueMap<string>.From(value); } = ValueMap<string>.Empty;
}
