namespace GatewayKit.Transforms;

/// <summary>Sets a response header, or appends a line to it.</summary>
public sealed record ResponseHeaderTransform : Transform
{
    /// <summary>The name of the header.</summary>
    public required string ResponseHeader { get; init; }

    /// <summary>The value that replaces what is there.</summary>
    public string? Set { get; init; }

    /// <summary>The value that is added as a further line.</summary>
    public string? Append { get; init; }

    /// <summary>Which answers. Default <see cref="ResponseCondition.Success"/>.</summary>
    public ResponseCondition When { get; init; }

    internal override string Key => nameof(ResponseHeader);

    internal override bool ChangesResponse => true;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        [.. HeaderRules.Errors(ResponseHeader), .. HeaderRules.SetOrAppendErrors(Set, Append), .. HeaderRules.ValueErrors(Set ?? Append)];

    internal override void AddTo(TransformPlan plan) => plan.OnResponse(When, Set is not null
        ? context => context.HttpContext.Response.Headers[ResponseHeader] = Set
        : context => HeaderLines.Append(context.HttpContext.Response.Headers, ResponseHeader, Append));
}

/// <summary>Removes a response header.</summary>
public sealed record ResponseHeaderRemoveTransform : Transform
{
    /// <summary>The name of the header.</summary>
    public required string ResponseHeaderRemove { get; init; }

    /// <summary>Which answers. Default <see cref="ResponseCondition.Success"/>.</summary>
    public ResponseCondition When { get; init; }

    internal override string Key => nameof(ResponseHeaderRemove);

    internal override bool ChangesResponse => true;

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => HeaderRules.Errors(ResponseHeaderRemove);

    internal override void AddTo(TransformPlan plan) =>
        plan.OnResponse(When, context => context.HttpContext.Response.Headers.Remove(ResponseHeaderRemove));
}

/// <summary>Says whether the headers of the destination's answer are copied at all.</summary>
public sealed record ResponseHeadersCopyTransform : Transform
{
    /// <summary><see langword="false"/> to copy none but what the message itself needs.</summary>
    public required bool ResponseHeadersCopy { get; init; }

    internal override string Key => nameof(ResponseHeadersCopy);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => TwiceErrors<ResponseHeadersCopyTransform>(before);

    internal override void AddTo(TransformPlan plan)
    {
        // An allow list says what is copied although nothing is copied by default.
        if (!ResponseHeadersCopy && !plan.Steps.Any(static step => step is ResponseHeadersAllowedTransform))
        {
            plan.KeepResponseHeaders(static _ => false);
        }
    }
}

/// <summary>Copies only these headers of the destination's answer. Hop-by-hop fields are never copied, whatever it names.</summary>
public sealed record ResponseHeadersAllowedTransform : Transform
{
    /// <summary>The names, ignoring case.</summary>
    public required IReadOnlyList<string> ResponseHeadersAllowed { get; init => field = ValueList<string>.From(value); }

    internal override string Key => nameof(ResponseHeadersAllowed);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        HeaderRules.ListErrors(ResponseHeadersAllowed).Concat(TwiceErrors<ResponseHeadersAllowedTransform>(before));

    internal override void AddTo(TransformPlan plan) => plan.KeepResponseHeaders(NameSet(ResponseHeadersAllowed).Contains);
}
