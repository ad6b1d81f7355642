using GatewayKit.Pipeline;

namespace GatewayKit.Identity;

/// <summary>What looking at a request's credentials of one kind came to. Immutable.</summary>
public readonly struct AuthenticationOutcome
{
    private readonly object? _what;

    private AuthenticationOutcome(object what) => _what = what;

    /// <summary>The request has no credential of this kind.</summary>
    public static AuthenticationOutcome Absent => default;

    /// <summary>Whether the request has no credential of this kind.</summary>
    public bool IsAbsent => _what is null;

    /// <summary>Who is calling, if the credential holds.</summary>
    public GatewayConsumer? Consumer => _what as GatewayConsumer;

    /// <summary>Why the request is refused, if it is.</summary>
    public GatewayProblem? Problem => _what as GatewayProblem;

    /// <summary>The credential holds.</summary>
    public static AuthenticationOutcome Accept(GatewayConsumer consumer) => new(consumer ?? throw new ArgumentNullException(nameof(consumer)));

    /// <summary>The credential does not hold, or cannot be checked.</summary>
    public static AuthenticationOutcome Refuse(GatewayProblem problem) => new(problem ?? throw new ArgumentNullException(nameof(problem)));
}
