using GatewayKit.Identity.Consumers;

namespace GatewayKit.Admin;

/// <summary>
/// Told of each change that the admin API has made, once it is written and before the administrator is answered. Register one in DI; several are told one after another. What it throws is
/// logged and takes nothing back.
/// </summary>
public interface IGatewayAdminObserver
{
    /// <summary>A consumer was added, changed or removed.</summary>
    /// <param name="change">What was changed.</param>
    /// <param name="cancellationToken">Cancelled after 30 s, not when the administrator goes away.</param>
    ValueTask ChangedAsync(GatewayAdminChange change, CancellationToken cancellationToken);
}

/// <summary>One change that an administrator has made. It holds no secret: of keys, what is kept of them. Immutable.</summary>
public sealed record GatewayAdminChange
{
    /// <summary>What was done.</summary>
    public required GatewayAdminAction Action { get; init; }

    /// <summary>The consumer.</summary>
    public required string ConsumerId { get; init; }

    /// <summary>The key that was made, revoked or removed, or the product whose subscription was changed; <see langword="null"/> for others.</summary>
    public string? Subject { get; init; }

    /// <summary>Who did it: the name of the signed-in user, else its <c>sub</c>, <c>client_id</c> or <c>azp</c>; <see langword="null"/> if it has none of them.</summary>
    public string? Actor { get; init; }

    /// <summary>The scheme by which the user was signed in.</summary>
    public string? AuthenticationType { get; init; }

    /// <summary>The address that the request came from.</summary>
    public System.Net.IPAddress? Address { get; init; }

    /// <summary>The id of the request in logs, traces and problems.</summary>
    public required string TraceId { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The consumer before; <see langword="null"/> if there was none.</summary>
    public Consumer? Before { get; init; }

    /// <summary>The consumer from now on; <see langword="null"/> if there is none.</summary>
    public Consumer? After { get; init; }
}

/// <summary>What an administrator can do.</summary>
public enum GatewayAdminAction
{
    /// <summary>A consumer was added.</summary>
    ConsumerCreated,

    /// <summary>A consumer was written anew.</summary>
    ConsumerUpdated,

    /// <summary>A consumer may call no more, for the time being.</summary>
    ConsumerSuspended,

    /// <summary>A consumer may call again.</summary>
    ConsumerActivated,

    /// <summary>A consumer was removed.</summary>
    ConsumerDeleted,

    /// <summary>A key was made.</summary>
    KeyCreated,

    /// <summary>A key was withdrawn.</summary>
    KeyRevoked,

    /// <summary>A key was removed.</summary>
    KeyDeleted,

    /// <summary>A subscription was added or changed.</summary>
    SubscriptionChanged,

    /// <summary>A subscription was removed.</summary>
    SubscriptionDeleted,
}
