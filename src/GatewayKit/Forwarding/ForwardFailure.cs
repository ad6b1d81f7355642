using GatewayKit.Pipeline;
using Microsoft.Extensions.Logging;

namespace GatewayKit.Forwarding;

/// <summary>Who is to blame for a failure.</summary>
internal enum Blame
{
    Client,
    Gateway,
    Destination,
}

/// <summary>What follows from a <see cref="ForwardError"/>: one line per error, the whole contract in one table.</summary>
/// <param name="Reason">What the client, the log and the records are told.</param>
/// <param name="Blame">Whose fault it is; only the destination's own counts against its health.</param>
/// <param name="LogLevel">How loud it is logged. Nothing a client can do at will is a warning.</param>
/// <param name="BeforeProcessing">Whether the destination surely has not begun to process the request, so that any method may be tried again.</param>
internal readonly record struct ForwardFailure(RejectionReason Reason, Blame Blame, LogLevel LogLevel, bool BeforeProcessing = false)
{
    public static ForwardFailure Of(ForwardError error) => error switch
    {
        ForwardError.AmbiguousPath => new(RejectionReason.AmbiguousPath, Blame.Client, LogLevel.Debug),
        ForwardError.AmbiguousFraming => new(RejectionReason.AmbiguousFraming, Blame.Client, LogLevel.Debug),
        ForwardError.BadHost => new(RejectionReason.BadHost, Blame.Client, LogLevel.Debug),
        ForwardError.DuplicateCredential => new(RejectionReason.DuplicateCredential, Blame.Client, LogLevel.Debug),
        ForwardError.HeaderValue => new(RejectionReason.HeaderValue, Blame.Client, LogLevel.Debug),
        ForwardError.HeaderName => new(RejectionReason.HeaderName, Blame.Client, LogLevel.Debug),
        ForwardError.HopByHopAbuse => new(RejectionReason.HopByHopAbuse, Blame.Client, LogLevel.Debug),
        ForwardError.MethodNotAllowed => new(RejectionReason.MethodNotAllowed, Blame.Client, LogLevel.Debug),
        ForwardError.UpgradeInvalid => new(RejectionReason.InvalidUpgrade, Blame.Client, LogLevel.Debug),
        ForwardError.DeadlineInvalid => new(RejectionReason.InvalidDeadline, Blame.Client, LogLevel.Debug),
        ForwardError.OriginNotAllowed => new(RejectionReason.OriginNotAllowed, Blame.Client, LogLevel.Debug),
        ForwardError.ExpectationFailed => new(RejectionReason.Expectation, Blame.Client, LogLevel.Debug),
        ForwardError.LoopDetected => new(RejectionReason.LoopDetected, Blame.Gateway, LogLevel.Warning),
        ForwardError.ClientBodyInvalid => new(RejectionReason.MalformedBody, Blame.Client, LogLevel.Debug),
        ForwardError.ClientBodyTooLarge => new(RejectionReason.BodyTooLarge, Blame.Client, LogLevel.Debug),
        ForwardError.ClientBodyTimeout => new(RejectionReason.ClientTimeout, Blame.Client, LogLevel.Debug),
        ForwardError.ClientAborted => new(RejectionReason.ClientAborted, Blame.Client, LogLevel.Debug),
        ForwardError.ClientStalled => new(RejectionReason.ClientTimeout, Blame.Client, LogLevel.Debug),
        ForwardError.TransformRefused => new(RejectionReason.AmbiguousPath, Blame.Client, LogLevel.Debug),
        ForwardError.TransformFailed => new(RejectionReason.FilterError, Blame.Gateway, LogLevel.Error),
        ForwardError.Overloaded => new(RejectionReason.Overloaded, Blame.Gateway, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpgradesFull => new(RejectionReason.Overloaded, Blame.Gateway, LogLevel.Warning),
        ForwardError.Draining => new(RejectionReason.Draining, Blame.Gateway, LogLevel.Information, BeforeProcessing: true),
        ForwardError.NoHealthyDestination => new(RejectionReason.NoHealthyUpstream, Blame.Gateway, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.CircuitOpen => new(RejectionReason.CircuitOpen, Blame.Gateway, LogLevel.Debug, BeforeProcessing: true),
        ForwardError.UpstreamRefused => new(RejectionReason.UpstreamReset, Blame.Destination, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpstreamResolveFailed => new(RejectionReason.UpstreamConnect, Blame.Destination, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpstreamAddressDenied => new(RejectionReason.UpstreamConnect, Blame.Destination, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpstreamConnectFailed => new(RejectionReason.UpstreamConnect, Blame.Destination, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpstreamConnectTimeout => new(RejectionReason.UpstreamTimeout, Blame.Destination, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpstreamTlsFailed => new(RejectionReason.UpstreamTls, Blame.Destination, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpstreamTlsBroken => new(RejectionReason.UpstreamTls, Blame.Destination, LogLevel.Warning),
        ForwardError.UpstreamVersionRefused => new(RejectionReason.UpstreamProtocol, Blame.Destination, LogLevel.Warning, BeforeProcessing: true),
        ForwardError.UpstreamReset => new(RejectionReason.UpstreamReset, Blame.Destination, LogLevel.Warning),
        ForwardError.UpstreamUploadFailed => new(RejectionReason.UpstreamReset, Blame.Destination, LogLevel.Warning),
        ForwardError.UpstreamHeadersTimeout => new(RejectionReason.UpstreamTimeout, Blame.Destination, LogLevel.Warning),
        ForwardError.UpstreamStalled => new(RejectionReason.UpstreamTimeout, Blame.Destination, LogLevel.Warning),
        ForwardError.UpstreamProtocolError => new(RejectionReason.UpstreamProtocol, Blame.Destination, LogLevel.Warning),
        ForwardError.UpstreamHeadTooLarge => new(RejectionReason.UpstreamProtocol, Blame.Destination, LogLevel.Warning),
        ForwardError.UpstreamTruncated => new(RejectionReason.UpstreamReset, Blame.Destination, LogLevel.Warning),
        ForwardError.DeadlineExceeded => new(RejectionReason.DeadlineExceeded, Blame.Gateway, LogLevel.Warning),
        ForwardError.Superseded => new(RejectionReason.Superseded, Blame.Gateway, LogLevel.Debug),
        ForwardError.UpgradeIdleTimeout => new(RejectionReason.UpstreamTimeout, Blame.Gateway, LogLevel.Debug),
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, "This is no failure."),
    };
}
