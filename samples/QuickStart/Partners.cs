using GatewayKit.Identity.ApiKeys;
using GatewayKit.Identity.Consumers;

namespace QuickStart;

/// <summary>Two partners with a key each. Keys of real ones are made once (`--new-key`) and only their hashes are in the configuration; these are new with every start.</summary>
public sealed class Partners
{
    public ApiKey Acme { get; } = ApiKey.Create();

    public ApiKey Globex { get; } = ApiKey.Create();

    /// <summary>The plans are those of appsettings.json.</summary>
    public IEnumerable<Consumer> Consumers =>
    [
        new() { Id = "acme", Plan = "large", Keys = [Acme.ToStored()] },
        new() { Id = "globex", Plan = "small", Keys = [Globex.ToStored()] },
    ];
}
