namespace GatewayKit.Transforms;

/// <summary>Sets a response trailer, or appends a line to it.</summary>
public sealed record ResponseTrailerTransform : Transform
{
    /// <summary>The name of the trailer.</summary>
    public required string ResponseTrailer { get; init; }

    /// <summary>The value that replaces what is there.</summary>
    public string? Set { get; init; }

    /// <summary>The value that is added as a further line.</summary>
    public string? Append { get; init; }

    /// <summary>Which answers. Default <see cref="ResponseCondition.Success"/>.</summary>
    public ResponseCondition When { get; init; }

    internal override string Key => nameof(ResponseTrailer);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        [.. HeaderRules.Errors(ResponseTrailer), .. HeaderRules.SetOrAppendErrors(Set, Append), .. HeaderRules.ValueErrors(Set ?? Append)];

    internal override void AddTo(TransformPlan plan) => plan.OnTrailers(When, Set is not null
        ? trailers => trailers[ResponseTrailer] = Set
        : trailers => HeaderLines.Append(trailers, ResponseTrailer, Append));
}

/// <summary>Removes a response trailer.</summary>
public sealed record ResponseTrailerRemoveTransform : Transform
{
    /// <summary>The name of the trailer.</summary>
    public required string ResponseTrailerRemove { get; init; }

    /// <summary>Which answers. Default <see cref="ResponseCondition.Success"/>.</summary>
    public ResponseCondition When { get; init; }

    internal override string Key => nameof(ResponseTrailerRemove);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => HeaderRules.Errors(ResponseTrailerRemove);

    internal override void AddTo(TransformPlan plan) =>
        plan.OnTrailers(When, trailers => trailers.Remove(ResponseTrailerRemove));
}

/// <summary>Says whether the trailers of the destination's answer are copied at all.</summary>
public sealed record ResponseTrailersCopyTransform : Transform
{
    /// <summary><see langword="false"/> to copy none.</summary>
    public required bool ResponseTrailersCopy { get; init; }

    internal override string Key => nameof(ResponseTrailersCopy);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) => TwiceErrors<ResponseTrailersCopyTransform>(before);

    internal override void AddTo(TransformPlan plan)
    {
        // An allow list says what is copied although nothing is copied by default.
        if (!ResponseTrailersCopy && !plan.Steps.Any(static step => step is ResponseTrailersAllowedTransform))
        {
            plan.KeepResponseTrailers(static _ => false);
        }
    }
}

/// <summary>Copies only these trailers of the destination's answer.</summary>
public sealed record ResponseTrailersAllowedTransform : Transform
{
    /// <summary>The names, ignoring case.</summary>
    public required IReadOnlyList<string> ResponseTrailersAllowed { get; init => field = ValueList<string>.From(value); }

    internal override string Key => nameof(ResponseTrailersAllowed);

    internal override IEnumerable<string> Errors(IReadOnlyList<Transform> before) =>
        HeaderRules.ListErrors(ResponseTrailersAllowed).Concat(TwiceErrors<ResponseTrailersAllowedTransform>(before));

    internal override void AddTo(TransformPlan plan) => plan.KeepResponseTrailers(NameSet(ResponseTrailersAllowed).Contains);
}
