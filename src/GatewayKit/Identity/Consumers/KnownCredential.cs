using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Consumers;

/// <summary>One credential, and all that it says of who calls with it, made ready for requests. Immutable, but for <see cref="Proof"/>.</summary>
internal sealed class KnownCredential
{
    private static readonly GatewayConsumer GeneralOfNobody = new("(nobody)");

    private readonly ConsumerCatalog _catalog;
    private readonly GatewayConsumer _general;
    private readonly (string ProductId, DateTimeOffset? ExpiresAt, GatewayConsumer Consumer)[] _subscribed;
    private readonly bool _hasGeneralPlan;

    private KnownCredential(Consumer owner, ICredentialHolder holder, CredentialKind kind, string id, ConsumerCatalog catalog)
    {
        _catalog = catalog;
        (Owner, Holder, Kind, ConsumerId) = (owner, holder, kind, owner.Id);
        Key = kind is CredentialKind.ApiKey ? holder.Keys.First(key => key.Id == id) : null;
        SigningKey = kind is CredentialKind.SigningKey ? holder.SigningKeys.First(key => key.Id == id) : null;
        SecretHash = Key is null ? [] : ReadHash(Key.Hash);
        ExpiresAt = Key?.ExpiresAt;
        Standing = Key is { IsRevoked: true } || SigningKey is { IsRevoked: true } ? CredentialStanding.Revoked
            : owner.State is ConsumerState.Active && holder.State is ConsumerState.Active ? CredentialStanding.Good
            : CredentialStanding.Suspended;

        // What is not said is inherited; what is said to be nothing is nothing.
        var scopes = Key?.Scopes ?? holder.Scopes ?? owner.Scopes;
        var overrides = Key?.Policies ?? [];
        var planId = holder.Plan ?? owner.Plan;
        var plan = catalog.FindPlan(planId);
        _hasGeneralPlan = planId is null || plan is not null;
        MissingPlan = _hasGeneralPlan ? holder.Subscriptions.Concat(owner.Subscriptions).FirstOrDefault(one => catalog.FindPlan(one.Id, one.Plan) is null)?.Plan : planId;
        _general = Create(product: null, PlanMerge.Of(plan, [], overrides), isOwners: holder.Plan is null);
        _subscribed =
        [
            .. Ready(holder.Subscriptions, isOwners: ReferenceEquals(holder, owner)),
            .. ReferenceEquals(holder, owner) ? [] : Ready(owner.Subscriptions, isOwners: true),
        ];

        IEnumerable<(string, DateTimeOffset?, GatewayConsumer)> Ready(IReadOnlyList<Subscription> subscriptions, bool isOwners) => subscriptions
            .Where(static subscription => subscription.State is SubscriptionState.Active)
            .Select(subscription => (subscription, plan: catalog.FindPlan(subscription.Id, subscription.Plan)))
            .Where(static pair => pair.plan is not null)
            .Select(pair => (pair.subscription.Id, pair.subscription.ExpiresAt, Create(pair.subscription.Id, PlanMerge.Of(pair.plan, pair.subscription.Policies, overrides), isOwners)));

        // What all applications of a consumer have together they use together.
        GatewayConsumer Create(string? product, Plan? plan, bool isOwners) => new(owner.Id)
        {
            ApplicationId = holder.ApplicationId,
            ProductId = product,
            Plan = plan,
            CredentialId = kind is CredentialKind.Identity ? null : id,
            Scopes = scopes,
            IsRegistered = true,
            Credential = this,
            Subscription = GatewayConsumer.SubscriptionOf(owner.Id, isOwners ? null : holder.ApplicationId, product),
        };
    }

    // Of nobody: what it is compared with is as much, and lies about as far, as of somebody.
    private KnownCredential(string id, ConsumerCatalog catalog)
    {
        _catalog = catalog;
        _general = GeneralOfNobody;
        _subscribed = [];
        ConsumerId = string.Empty;
        Key = new() { Id = id, Hash = string.Empty };
        SecretHash = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
        Standing = CredentialStanding.Unknown;
    }

    /// <summary>What kind it is.</summary>
    public CredentialKind Kind { get; }

    /// <summary>The consumer; <see langword="null"/> if nobody has it.</summary>
    public Consumer? Owner { get; }

    /// <summary>The consumer, or the application of it that has the credential; <see langword="null"/> if nobody has it.</summary>
    public ICredentialHolder? Holder { get; }

    /// <summary>Who calls with it on endpoints that are part of no product; <see langword="null"/> if its plan serves nobody.</summary>
    public GatewayConsumer? General => _hasGeneralPlan ? _general : null;

    /// <summary>Whose it is.</summary>
    public string ConsumerId { get; }

    /// <summary>What is kept of it, if it is an API key.</summary>
    public ConsumerKey? Key { get; }

    /// <summary>The key, if it is one that requests are signed with.</summary>
    public ConsumerSigningKey? SigningKey { get; }

    /// <summary>SHA-256 of the secret of an API key; for a hash that is none, 32 bytes that are the hash of nothing.</summary>
    public byte[] SecretHash { get; }

    /// <summary>When it stops working.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>Whether it may be used. When it expires is another question.</summary>
    public CredentialStanding Standing { get; }

    /// <summary>Whether it is neither revoked nor suspended. When it expires is another question.</summary>
    public bool IsActive => Standing is CredentialStanding.Good;

    /// <summary>A plan that it or a subscription names and that is not there, or serves nobody.</summary>
    public string? MissingPlan { get; }

    /// <summary>What <see cref="ApiKeys.KeyVerifier"/> knows the right secret by once it has come; <see langword="null"/> before.</summary>
    public object? Proof { get; set; }

    /// <summary>A credential that nobody has: it lets nobody in, and is compared like any other.</summary>
    public static KnownCredential OfNobody(string id, ConsumerCatalog catalog) => new(id, catalog);

    /// <summary>A credential of a consumer; <see langword="null"/> if they do not have it.</summary>
    public static KnownCredential? Of(Consumer owner, CredentialKind kind, string id, ConsumerCatalog catalog) =>
        ConsumerCatalog.HoldersOf(owner).FirstOrDefault(one => Holds(one, kind, id)) is { } holder ? new(owner, holder, kind, id, catalog) : null;

    /// <summary>The subscriptions that grant something, in the order in which they are looked at: of two to one product the first counts.</summary>
    public IEnumerable<(string ProductId, DateTimeOffset? ExpiresAt, GatewayConsumer Consumer)> SubscribedAt(DateTimeOffset now) =>
        _subscribed.Where(one => !(one.ExpiresAt <= now)).DistinctBy(static one => one.ProductId, StringComparer.OrdinalIgnoreCase);

    /// <summary>Who calls with it on an endpoint.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="now">The time.</param>
    /// <param name="consumer">Who.</param>
    /// <returns>Whether a subscription includes the endpoint, if it needs one.</returns>
    public bool TryResolve(GatewayEndpoint endpoint, DateTimeOffset now, [NotNullWhen(true)] out GatewayConsumer? consumer)
    {
        var products = _catalog.ProductsOf(endpoint);
        if (products.Count == 0)
        {
            consumer = _hasGeneralPlan ? _general : null;
            return _hasGeneralPlan;
        }

        foreach (var (productId, expiresAt, subscribed) in _subscribed)
        {
            if (!(expiresAt <= now) && Product.IsAmong(products, productId))
            {
                consumer = subscribed;
                return true;
            }
        }

        consumer = null;
        return false;
    }

    private static byte[] ReadHash(string text)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        if (text is null || Base64Url.DecodeFromChars(text, hash, out _, out var written) is not OperationStatus.Done || written != hash.Length)
        {
            RandomNumberGenerator.Fill(hash);
        }

        return hash;
    }

    private static bool Holds(ICredentialHolder holder, CredentialKind kind, string id) => kind switch
    {
        CredentialKind.ApiKey => holder.Keys.Any(key => key.Id == id),
        CredentialKind.SigningKey => holder.SigningKeys.Any(key => key.Id == id),
        _ => holder.Identities.Contains(id, StringComparer.Ordinal),
    };
}

/// <summary>Whether a credential may be used.</summary>
internal enum CredentialStanding
{
    Good,

    /// <summary>Nobody has it.</summary>
    Unknown,

    Revoked,

    /// <summary>Whoever it belongs to is.</summary>
    Suspended,
}
