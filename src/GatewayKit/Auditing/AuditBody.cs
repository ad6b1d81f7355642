using System.ComponentModel.DataAnnotations;
using GatewayKit.Auditing.Bodies;

namespace GatewayKit.Auditing;

/// <summary>
/// What records have of bodies: their beginning as text, without what masks and detectors take out of it. Bodies are part of the encrypted personal part of a record; a journal without one refuses them.
/// </summary>
public sealed record AuditBody : IValidatableObject
{
    /// <summary>How many masks there are at most.</summary>
    internal const int MostMasks = 32;

    private const int MostContentTypes = 32;

    private static readonly ValueList<string> Structured = ValueList<string>.From(["application/json", "application/*+json", "application/x-www-form-urlencoded"]);

    /// <summary>Whether bodies of requests are recorded. Default no.</summary>
    public bool Request { get; init; }

    /// <summary>Whether bodies of answers are recorded. Default no.</summary>
    public bool Response { get; init; }

    /// <summary>How much of a body is looked at, from its beginning: 16 to 2,048 bytes. Default 1,024. A line of the journal has at most 4 KiB, so that what fits of it may be less.</summary>
    [Range(16, 2_048)]
    public int MaxBytes { get; init; } = 1_024;

    /// <summary>
    /// The media types of bodies that are recorded, without parameters, at most 32; case is ignored: JSON, forms and text, also as <c>application/*+json</c> and <c>text/*</c>. Default <c>application/json</c>,
    /// <c>application/*+json</c> and <c>application/x-www-form-urlencoded</c>. Event streams, gRPC, WebSockets and bodies with a content coding are never recorded.
    /// </summary>
    public IReadOnlyList<string> ContentTypes { get; init => field = ValueList<string>.From(value); } = Structured;

    /// <summary>
    /// What is replaced by <c>***</c>, as JSONPath (RFC 9535) of names, indexes, <c>*</c> and <c>..</c>: <c>$.card.number</c>, <c>$..password</c>, <c>$.items[*]['name']</c>. Case is ignored. At most 32 masks and 64
    /// steps in all. Default none. Members whose names hold or may hold secrets are replaced whatever this says. With masks, bodies that they cannot be applied to are left out.
    /// </summary>
    public IReadOnlyList<string> Masks { get; init => field = ValueList<string>.From(value); } = ValueList<string>.Empty;

    /// <summary>Whether bodies may be recorded by a journal that encrypts no personal part, in the clear. Default no: the host does not start.</summary>
    public bool AllowUnencrypted { get; init; }

    /// <summary>What is wrong with the settings.</summary>
    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (!Request && !Response)
        {
            yield return new("Body says neither Request nor Response, so that nothing is recorded of either. Set one of them to true, or leave Body out.", [nameof(Request)]);
        }

        if (ContentTypes.Count is 0 or > MostContentTypes)
        {
            yield return new($"ContentTypes has {ContentTypes.Count} types; it must have 1 to {MostContentTypes}.", [nameof(ContentTypes)]);
        }

        foreach (var type in ContentTypes)
        {
            if (BodyTypes.FaultOf(type) is { } fault)
            {
                yield return new($"ContentTypes has '{type}', {fault}", [nameof(ContentTypes)]);
            }
        }

        foreach (var fault in BodyMasks.FaultsOf(Masks))
        {
            yield return new(fault, [nameof(Masks)]);
        }
    }
}
