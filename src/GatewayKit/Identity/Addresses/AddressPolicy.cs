using System.ComponentModel.DataAnnotations;
using System.Net;
using GatewayKit.Pipeline;

namespace GatewayKit.Identity.Addresses;

/// <summary>
/// From which addresses requests may come: those of the connection, or what the host's forwarded headers middleware made of it. Others are answered 403
/// <c>address-not-allowed</c>, and so are requests without an address, as over a Unix socket. IPv4 that is mapped into IPv6 is IPv4. What cannot be decided is refused.
/// </summary>
public sealed record AddressPolicy : IOrderedPolicy, IValidatableObject
{
    /// <summary>Networks, or single addresses, that requests may come from. Default none: with no <see cref="AllowFile"/> either, from everywhere.</summary>
    public IReadOnlyList<IPNetwork> Allow { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    /// <summary>Networks, or single addresses, that requests may not come from, whatever is allowed. Default none.</summary>
    public IReadOnlyList<IPNetwork> Deny { get; init => field = ValueList<IPNetwork>.From(value); } = ValueList<IPNetwork>.Empty;

    /// <summary>
    /// A text file of more that requests may come from: a network or address a line, <c>#</c> before comments, up to 128 MiB. It is read at start, from the content root if the
    /// path is not rooted, and again within 3 s of a change; one that is no good, or has no line, changes nothing and is logged. Default none.
    /// </summary>
    public string? AllowFile { get; init; }

    /// <summary>The same of addresses that requests may not come from; it may have no line. Default none.</summary>
    public string? DenyFile { get; init; }

    /// <inheritdoc/>
    public PolicyMode Mode { get; init; }

    /// <inheritdoc/>
    [Range(1, 100)]
    public int EnforcePercent { get; init; } = 100;

    /// <summary>What is tried beside it on every request: another one in <see cref="PolicyMode.Shadow"/>. Default <see langword="null"/>: nothing.</summary>
#pragma warning disable SYSLIB1212 // What is inside is checked at the start and on reload, with its path.
    public AddressPolicy? Candidate { get; init; }
#pragma warning restore SYSLIB1212

    IGatewayPolicy? IGatewayPolicy.Candidate => Candidate;

    IGatewayPolicy IGatewayPolicy.InShadow() => this with { Mode = PolicyMode.Shadow };

    GatewayStage IGatewayPolicy.Stage => GatewayStage.Admit;

    // In front of all others of the stage: who may not come at all takes nothing of any limit.
    int IOrderedPolicy.Order => AdmitOrder.Addresses;

    IEnumerable<ValidationResult> IValidatableObject.Validate(ValidationContext validationContext)
    {
        if (Mode is not PolicyMode.Off && Allow.Count + Deny.Count == 0 && AllowFile is null && DenyFile is null)
        {
            yield return new("No addresses are allowed or denied, so that it says nothing. Give it Allow, Deny, AllowFile or DenyFile.");
        }

        foreach (var (name, networks) in new[] { (nameof(Allow), Allow), (nameof(Deny), Deny) })
        {
            foreach (var (network, holder) in AddressTable.Redundant(networks))
            {
                yield return new(network.Equals(holder) ? $"{name} has '{network}' twice. Remove one." : $"{name} has '{network}', which lies in '{holder}' of the same list. Remove one.", [name]);
            }
        }

        foreach (var (name, file) in new[] { (nameof(AllowFile), AllowFile), (nameof(DenyFile), DenyFile) })
        {
            if (file is not null && string.IsNullOrWhiteSpace(file))
            {
                yield return new($"{name} is empty. Name a file, or leave it out.", [name]);
            }
        }
    }
}
