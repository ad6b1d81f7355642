using System.Security.Claims;

namespace GatewayKit.Identity.Introspection;

/// <summary>What is known of a token: who calls with it, or why nobody does.</summary>
internal sealed class IntrospectedToken
{
    private long _renewAt;

    /// <summary>Why it does not hold: a word of a few; <see langword="null"/> if it does.</summary>
    public string? Fault { get; init; }

    /// <summary>Who the token is of.</summary>
    public ClaimsPrincipal? Principal { get; init; }

    /// <summary>What <see cref="Consumers.Consumer.Identities"/> call them.</summary>
    public string Identity { get; init; } = string.Empty;

    /// <summary>What it was granted; <see langword="null"/> if nothing was said of it.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Until when this counts, as a timestamp.</summary>
    public required long Until { get; init; }

    /// <summary>When it is asked about anew if it is still in use, so that nobody has to wait for it.</summary>
    public long RenewAt { get => _renewAt; init => _renewAt = value; }

    /// <summary>Whether the caller is the one who has to ask anew; then nobody else is for a while.</summary>
    public bool IsDue(long now, long pause)
    {
        var due = Volatile.Read(ref _renewAt);
        return now >= due && Interlocked.CompareExchange(ref _renewAt, now + pause, due) == due;
    }
}
